"""What an alert becomes: a line of the log, a number, an event in the ledger, a message to whoever is configured."""

from datetime import UTC, datetime
from time import sleep
from typing import Any
from uuid import uuid4

from adapters.background import Background
from adapters.service_log import ServiceLog
from adapters.webhooks import Deliveries, Hook, Message
from api.metrics import Metrics
from api.security import Alert
from domain.actors import Actor, ActorKind
from domain.commands import Meta, RaiseAlert
from domain.errors import Conflict, Refusal, Unavailable
from domain.times import microseconds, rfc3339
from usecases.project import Project

MONITOR = Actor("security-monitor", ActorKind.SERVICE)
ATTEMPTS = 10
PAUSE_SECONDS = 0.2
WAITING = 100
END_SECONDS = 5.0


class Alerting:
    """Tells of alerts, aside: nobody who is answered waits for it."""

    def __init__(self, project: Project, log: ServiceLog, metrics: Metrics, hook: Hook | None) -> None:
        self._project, self._log, self._metrics = project, log, metrics
        self._deliveries = Deliveries(hook, told=self._attempted) if hook else None
        self._background = Background[Alert]("alerts", self._tell, most=WAITING)

    def raise_alert(self, alert: Alert) -> None:
        """Say it at once where that costs nothing; the rest follows."""
        self._metrics.alerts.labels(alert.kind.value).inc()
        self._log.say("warning", "security.alert", **_words(alert), sources=alert.sources)
        self._background.put(alert)

    def close(self) -> None:
        """Record what waits, and give the messages a moment."""
        self._background.close(seconds=END_SECONDS)
        if self._deliveries:
            self._deliveries.close()

    def _tell(self, alert: Alert) -> None:
        now = datetime.now(UTC)
        id_ = f"alert-{uuid4()}"
        position = self._recorded(alert, Meta(id_, MONITOR, now))
        if self._deliveries is None:
            return
        data = {**_words(alert), "origin": self._project.log.origin, "position": position}
        self._deliveries.send(
            f"msg_{id_}", {"type": "security.alert", "timestamp": rfc3339(microseconds(now)), "data": data}
        )

    def _recorded(self, alert: Alert, meta: Meta) -> int | None:
        """Record the alert in the ledger and return where; the store may be away, and then the log has it."""
        command = RaiseAlert(meta, alert.kind, alert.times, alert.threshold, alert.seconds, alert.sources)
        code = ""
        for _ in range(ATTEMPTS):
            try:
                return self._project.handle(command).last
            except (Conflict, Unavailable) as refusal:
                code = refusal.code
                sleep(PAUSE_SECONDS)
            except Refusal as refusal:
                code = refusal.code
                break
        self._log.say("error", "security.alert_not_recorded", kind=alert.kind.value, code=code)
        return None

    def _attempted(self, result: str, message: Message, attempt: int) -> None:
        self._metrics.webhooks.labels(result).inc()
        level = "info" if result == "delivered" else "warning"
        self._log.say(level, "webhook.attempt", result=result, webhook_id=message.id, attempt=attempt)


def _words(alert: Alert) -> dict[str, Any]:
    return {
        "kind": alert.kind.value,
        "count": alert.times,
        "threshold": alert.threshold,
        "seconds": alert.seconds,
    }
