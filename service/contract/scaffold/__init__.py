"""Write the code that an operation of the contract still lacks, and touch nothing that exists."""
