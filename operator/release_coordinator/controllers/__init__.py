"""What is kept beside releases: incidents, messages, notes, the release log.

`operation` runs it -> `controllers.manager` -> one module per concern, each a small controller.
Nothing here touches a Release or what it deploys, and no release waits for it: ADR 0020.
"""
