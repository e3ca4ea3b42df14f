"""The map of the production guide: everything that guide names is on it, and everything it points at is there."""

import re
import shlex
from contextlib import suppress
from pathlib import Path

import click
import pytest

from adapters.settings import BY_NAME
from cli.main import Orch as Commands
from tests.docs.test_deploy_service import parsed


def listed(names: str) -> list[str]:
    """Return the names of a list that is written as a text."""
    return names.split()


ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/production-guide-map.md").read_text("utf-8")
NOT_HERE_YET = {
    "tests/api/test_capacity.py",
    "tests/api/test_health.py",
    "tests/api/test_security_monitor.py",
    "tests/api/test_slow_clients.py",
    "tests/api/test_telemetry.py",
    "tests/reliability/test_service_kill.py",
    "tests/reliability/test_service_load.py",
    "orch health",
    "orch monitor",
}
"""What other work brings; it is no longer excused once it is here."""
VARIABLES = listed("""
NODE_ENV ORCHESTRATOR_STATE_DIR ORCHESTRATOR_TEMPLATE_DIR ORCHESTRATOR_SCHEMA_DIR ORCHESTRATOR_BACKUP_DIR
ORCHESTRATOR_LOG_LEVEL ORCHESTRATOR_ENABLE_AUDIT ORCHESTRATOR_MAX_CONCURRENT ORCHESTRATOR_BACKUP_RETENTION_DAYS
""")
KEYS = listed("""
orchestrator performance storage validation logging
maxConcurrentOperations operationTimeoutMs memoryLimitMB stateDirectory backupDirectory backupRetentionDays
enableCompression enableSchemaValidation strictMode validateTemplates level enableAudit logDirectory maxLogFileSizeMB
maxLogFiles
averageOperationTime concurrentOperations memoryUsage successRate uptime errorRecoveryTime cpuUsage diskUsage
networkLatency
status timestamp version memory tests stateManager templateEngine commandRouting error
operationQueueSize workerThreads memoryPoolSize gcAggressive maxOldSpaceSize diskCacheSize asyncIOThreads
compressionLevel keepAlive maxSockets timeout
invalidInputAttempts schemaViolations unauthorizedAccess alertThresholds invalidInputs
""")
"""Of production.json, of the metrics, the health check, the tuning and the security monitor."""
FIGURES = [
    "`<1ms`",
    "`50+`",
    "`negative_growth`",
    "`100%`",
    "`99.9%+`",
    "`<100ms`",
    "`<5%`",
    "`linear_growth`",
    "`<10ms`",
]
CLAIMS = ["50+ concurrent operations in <40ms", "100% success rate", "29/29 tests passing", "Negative heap growth"]
FILES = listed("""
pre-deploy-validation.sh deploy-production.sh post-deploy-verification.sh backup-orchestrator.sh update-orchestrator.sh
emergency-recovery.sh deploy.sh backup.sh monitor.sh validate-schemas.js performance-baseline.js detect-corruption.js
restore-state.js validate-templates.js rebuild-template-cache.js check-concurrency-limits.js
PRODUCTION-GUIDE.md CHANGELOG.md README.md API.md TROUBLESHOOTING.md .env production.json error.log combined.log
/health/orchestrator
""")
COMMANDS = r"""
git clone <repository-url>
cd orchestrator
npm install
npm test
npm run test:performance
cp .env.example .env
npm run deploy:production
npm ci
node cli.js --help
node scripts/validate-schemas.js
mkdir -p /production/orchestrator/{data/{states,backups,logs},config}
cp -r ./core ./commands ./templates ./schemas /production/orchestrator/app/
cp ./cli.js /production/orchestrator/app/
cp ./package*.json /production/orchestrator/app/
cd /production/orchestrator/app
npm ci --production
cp .env.production /production/orchestrator/config/.env
cp production.json /production/orchestrator/config/
chown -R orchestrator:orchestrator /production/orchestrator
chmod -R 755 /production/orchestrator/app
chmod -R 770 /production/orchestrator/data
systemctl enable orchestrator
systemctl start orchestrator
node cli.js --version
node cli.js spec test-phase --objectives "Production validation test"
node cli.js status test-phase
node scripts/performance-baseline.js
mkdir -p "$BACKUP_DIR/$TIMESTAMP"
cp -r /production/orchestrator/data/states "$BACKUP_DIR/$TIMESTAMP/"
cp -r /production/orchestrator/config "$BACKUP_DIR/$TIMESTAMP/"
find /production/orchestrator/data/logs -name "*.log" -mtime -7 -exec cp {} "$BACKUP_DIR/$TIMESTAMP/" \;
tar -czf "$BACKUP_DIR/orchestrator_backup_$TIMESTAMP.tar.gz" -C "$BACKUP_DIR" "$TIMESTAMP"
rm -rf "$BACKUP_DIR/$TIMESTAMP"
find "$BACKUP_DIR" -name "orchestrator_backup_*.tar.gz" -mtime +30 -delete
./backup-orchestrator.sh
git pull origin main
systemctl restart orchestrator
node --max-old-space-size=512 cli.js
node scripts/detect-corruption.js <phase-name>
node scripts/restore-state.js <phase-name> <backup-timestamp>
node scripts/validate-templates.js
node scripts/rebuild-template-cache.js
npm run test:performance -- --verbose
node scripts/check-concurrency-limits.js
systemctl stop orchestrator
LATEST_BACKUP=$(ls -t /production/orchestrator/data/backups/*.tar.gz \| head -1)
tar -xzf "$LATEST_BACKUP" -C /production/orchestrator/data/
""".strip().splitlines()
SECTIONS = [
    "Quick production setup",
    "Pre-deployment checklist",
    "Production architecture",
    "Configuration: variables",
    "Configuration: production.json",
    "Deployment process",
    "Production monitoring: performance metrics",
    "Production monitoring: health",
    "Production monitoring: logs",
    "Maintenance: backups",
    "Maintenance: updates",
    "Troubleshooting",
    "Emergency recovery",
    "Performance optimisation",
    "Security",
    "Support and maintenance",
    "Production validation summary",
]


def rows() -> list[tuple[str, str, str]]:
    """Return the rows of all tables: the guide, what does it here, the test."""
    found = []
    for line in PAGE.splitlines():
        if line.startswith("| ") and not line.startswith("| the guide |"):
            cells = re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |"))
            assert len(cells) == 3, line
            found.append((cells[0], cells[1], cells[2]))
    return found


def words_in(text: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("name", [*VARIABLES, *KEYS, *FILES, *COMMANDS])
def test_what_the_guide_names_is_on_the_map(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_every_figure_and_claim_is_on_the_map() -> None:
    for figure in (*FIGURES, *CLAIMS):
        assert figure in PAGE, figure


def test_the_sections_are_those_of_the_guide_in_its_order() -> None:
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == SECTIONS
    assert len(rows()) > 120


def test_every_row_says_what_does_it_and_what_shows_it() -> None:
    for guide, here, shown in rows():
        assert len(here) > 2 and "n/a" not in here.lower() and "not applicable" not in here.lower(), guide
        assert "`" in shown, guide
        assert "**Not reached" not in here or "Python" in here or "disk" in here, "a figure that is missed has a reason"


def test_every_test_and_file_that_is_named_is_there() -> None:
    named = {word for _, _, shown in rows() for word in words_in(shown) if "/" in word or "." in word}
    assert len(named) > 50
    missing = {name for name in named if not (ROOT / name).is_file()}
    assert missing == {name for name in NOT_HERE_YET if name.startswith("tests/")}
    for name in named - missing:
        if name.startswith("tests/") and name != "tests/wheel.py":
            assert "def test_" in (ROOT / name).read_text("utf-8"), name


def test_every_command_that_is_named_is_there() -> None:
    lines = {word for _, *cells in rows() for cell in cells for word in words_in(cell) if word.startswith("orch ")}
    assert len(lines) > 25
    missing = {name for name in NOT_HERE_YET if name.startswith("orch ")}
    assert not {name.split()[1] for name in missing} & Commands.entries.keys(), "they are here by now"
    for line in sorted(lines - missing):
        with suppress(click.MissingParameter, click.exceptions.Exit, click.exceptions.NoArgsIsHelpError):
            words = shlex.split(line)[1:]
            if words[-1] in ("--env-file", "--version", "--help"):
                words = words[:-1]
            if words:
                parsed(words)


def test_every_setting_that_is_named_is_there() -> None:
    named = set()
    for title in ("Configuration: variables", "Configuration: production.json"):
        section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
        cells = re.findall(r"^\| [^|]+ \| (`[^|]+) \|", section, re.MULTILINE)
        named |= {words_in(cell)[0] for cell in cells}
    assert len(named) > 15
    assert {name for name in named if name not in BY_NAME} == set()


def test_what_the_guide_asks_to_keep_is_kept() -> None:
    for name in ("PRODUCTION-GUIDE.md", "CHANGELOG.md", "README.md", "API.md", "TROUBLESHOOTING.md", "SECURITY.md"):
        assert (ROOT / name).stat().st_size > 2000, name
    assert "Who to call" in (ROOT / "PRODUCTION-GUIDE.md").read_text("utf-8")
