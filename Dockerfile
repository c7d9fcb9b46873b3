# One image for Lambda (arm64) and for any other host: docker run -p 8080:8080 IMAGE.
# ci/image-base.sh looks up the digest of the tag anew; docs/decisions/0043-image.md says where this one comes from.
ARG BASE=public.ecr.aws/lambda/python:3.13-arm64@sha256:5c171b30fe6af43e6264da6f3cd932f71563dacb334c545473c0120ca7d99168

FROM ${BASE} AS build
RUN python3.13 -m pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
COPY requirements/runtime.txt requirements/contract.txt /build/requirements/
COPY ci/image-build.sh /build/ci/
COPY openapi.yaml /build/
COPY service/ /build/service/
RUN /build/ci/image-build.sh /build /out

FROM ${BASE}
COPY --from=build /out/ /var/task/
COPY --chmod=0555 ci/image-entrypoint.sh /entrypoint.sh
# Nothing is written at run time, so that a read-only file system and any user will do.
ENV HOST=0.0.0.0 \
    PORT=8080 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /var/task
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["/entrypoint.sh"]
CMD ["service.lambda_handler.handler"]
