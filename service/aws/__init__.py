"""The ports of the domain on Amazon services; botocore names and errors stop here."""
