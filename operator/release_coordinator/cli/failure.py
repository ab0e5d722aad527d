"""The one way in which a command of the plugin fails: a message for people."""


class UnansweredError(Exception):
    """The question could not be answered; the message says why and what to do."""
