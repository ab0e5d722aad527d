# The operator's image. `make image` prepares what is copied here (tools/image.py): the wheels are
# fetched and checked on the host, so that this build needs no network and runs on any base that
# has Python 3.11 with venv and pip: the official slim image, or Debian's own packages.
ARG BASE=python:3.11-slim

FROM ${BASE} AS dependencies
ENV PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# pip stays outside: what does not run need not be in the image.
RUN python3 -m venv --without-pip /opt/release-coordinator
COPY build/image/dependencies/ /wheels/
# Byte code is compiled here because the container cannot write any; hashes instead of time stamps
# let it survive the copy between stages.
RUN python3 -m pip --python /opt/release-coordinator/bin/python install \
      --no-index --find-links=/wheels --no-deps --require-hashes --no-compile \
      --requirement /wheels/requirements.txt \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/release-coordinator/lib

FROM dependencies AS own
COPY build/image/own/ /own/
RUN python3 -m pip --python /opt/release-coordinator/bin/python install \
      --no-index --no-deps --no-compile /own/*.whl \
 && cd /opt/release-coordinator \
 && python3 -m compileall -q --invalidation-mode unchecked-hash lib/python3*/site-packages/release_coordinator \
 && mkdir /changed \
 && cp -a --parents bin/release-coordinator bin/kubectl-release \
      lib/python3*/site-packages/release_coordinator* /changed/

FROM ${BASE}
LABEL org.opencontainers.image.title="Release Coordinator" \
      org.opencontainers.image.licenses="Apache-2.0"
# Two layers: the dependencies are nearly all of the image and change seldom, so a new version is
# a download of less than a megabyte.
COPY --from=dependencies /opt/release-coordinator/ /opt/release-coordinator/
COPY --from=own /changed/ /opt/release-coordinator/
# USER: libraries ask for the user's name, and a numeric user has none. HOME: the one folder that
# is writable when the root file system is not.
ENV PATH=/opt/release-coordinator/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    USER=release-coordinator HOME=/tmp
# A number, so that `runAsNonRoot` can be checked without looking into the image.
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080
ENTRYPOINT ["release-coordinator"]
