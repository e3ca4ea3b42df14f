"""Word that a log behind a service has grown: whoever follows it looks now and then."""

from time import sleep

EVERY_S = 1.0


class RemoteChanges:
    """The port `Changes` without anybody who tells: every call is a false alarm, and comes late."""

    told = False

    def wait(self, seconds: float) -> bool:
        """Wait a little; the log may have grown."""
        sleep(min(seconds, EVERY_S))
        return seconds >= EVERY_S

    def close(self) -> None:
        """Have nothing to let go of."""
