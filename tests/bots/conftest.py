"""A configuration file that works, to be spoiled by tests."""

import pytest
from hypothesis import HealthCheck, settings

# other work may share the machine with property tests
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def written(tmp_path):
    """Writes a configuration file (and .env beside it); its path."""

    def write(text, env=None):
        file = tmp_path / "config.yaml"
        file.write_text(text, encoding="utf-8")
        if env is not None:
            (tmp_path / ".env").write_text(env, encoding="utf-8")
        return file

    return write
