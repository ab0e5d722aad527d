"""A real Prometheus: PromQL makes its answers and what its rules see, unless it scrapes a page."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from tools.cluster import debian
from tools.cluster.progress import Progress


@asynccontextmanager
async def prometheus(folder: Path, rules: str = "", scraped: str = "") -> AsyncIterator[str]:
    """Run it with its data in `folder` and a rules file; yield its address when it is ready.

    `scraped` is the address (host:port) whose `/metrics` it reads every second.
    """
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    config = folder / "prometheus.yml"
    text = "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
    if scraped:
        text += (
            "scrape_configs: [{job_name: operator, scrape_interval: 1s, honor_labels: true, "
            f"static_configs: [{{targets: ['{scraped}']}}]}}]\n"
        )
    config.write_text(text, encoding="utf-8")
    address = f"127.0.0.1:{_free_port()}"
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    )
    program = await asyncio.to_thread(_program)
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    drain = None
    try:
        async for line in process.stderr:
            if b"ready to receive web requests" in line:
                break
        drain = asyncio.create_task(process.stderr.read())
        yield f"http://{address}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        if drain:
            await drain


async def promtool_test(folder: Path, tests: list[dict[str, Any]]) -> None:
    """Let promtool evaluate queries on series, without a server; all must be as they expect."""
    file = folder / "tests.yaml"
    file.write_text(yaml.safe_dump({"tests": tests}), encoding="utf-8")
    program = (await asyncio.to_thread(_program)).with_name("promtool")
    process = await asyncio.create_subprocess_exec(
        *(program, "test", "rules", file),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


def _program() -> Path:
    return debian.unpacked(("prometheus",), Progress()) / "usr/bin/prometheus"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
