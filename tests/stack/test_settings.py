"""Settings: the environment wins over the file, and a bad value is refused by name."""

from pathlib import Path

import pytest

from adapters.settings import PROJECT_ROOT, SettingsError, load


def test_without_any_word_everything_is_embedded():
    settings = load({})
    assert settings.state_dir == PROJECT_ROOT / ".holdfast"
    assert (settings.temporal_profile, settings.postgres_url, settings.sandbox_url, settings.run) == (None,) * 4
    assert settings.organisation_id == "320299000000"
    assert settings.embeds_anything


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "holdfast.toml"
    file.write_text('run = "from-file"\nlog_level = "debug"\nui_port = 8233\n', encoding="utf-8")
    settings = load({"HOLDFAST_SETTINGS": str(file), "HOLDFAST_RUN": "from-env", "OTHER": "x"})
    assert (settings.run, settings.log_level, settings.ui_port) == ("from-env", "debug", 8233)


def test_a_child_process_is_given_the_same_settings(tmp_path):
    settings = load(
        {"HOLDFAST_STATE_DIR": str(tmp_path), "HOLDFAST_RUN": "a-1", "HOLDFAST_POSTGRES_URL": "postgres://h/d"}
    )
    assert load(settings.environ()) == settings


@pytest.mark.parametrize(
    ("variable", "value", "word"),
    [
        ("HOLDFAST_LOG_LEVEL", "loud", "'debug', 'info'"),
        ("HOLDFAST_RUN", "Über", "a-z, 0-9"),
        ("HOLDFAST_RUN", "temporal-system", "a-z, 0-9"),
        ("HOLDFAST_ORGANISATION_ID", "123", "12 digits"),
        ("HOLDFAST_POSTGRES_URL", "postgresql+psycopg://u:hunter2@h/d", "postgresql://"),
        ("HOLDFAST_SANDBOX_URL", "localhost", "http://"),
        ("HOLDFAST_UI_PORT", "80", "1024"),
        ("HOLDFAST_NOTICE_SMTP", "https://desk:hunter2@mail.example", "smtp://"),
        ("HOLDFAST_NOTICE_MAIL_DOMAIN", "stop_desk@duty", "duty.example"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_a_remedy_and_never_itself(variable, value, word):
    with pytest.raises(SettingsError) as refusal:
        load({variable: value})
    assert str(refusal.value).startswith(f"{variable} cannot be used")
    assert word in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_misspelt_name_is_refused_with_the_nearest_one():
    with pytest.raises(SettingsError, match="did you mean HOLDFAST_POSTGRES_URL"):
        load({"HOLDFAST_POSTGRES_URI": "postgresql://h/d"})


def test_a_missing_or_broken_file_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load({"HOLDFAST_SETTINGS": str(tmp_path / "none.toml")})
    broken = tmp_path / "broken.toml"
    broken.write_text("run = ", encoding="utf-8")
    with pytest.raises(SettingsError, match="is not TOML"):
        load({"HOLDFAST_SETTINGS": str(broken)})


def test_a_bad_value_in_the_file_names_the_file(tmp_path):
    file = tmp_path / "holdfast.toml"
    file.write_text("ui_port = 3\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"ui_port in {file}"):
        load({"HOLDFAST_SETTINGS": str(file)})


def test_the_database_url_is_not_shown():
    assert "hunter2" not in repr(load({"HOLDFAST_POSTGRES_URL": "postgresql://u:hunter2@h/d"}))


@pytest.mark.parametrize("door", ["NOTICE_WEBHOOK", "NOTICE_SMS", "NOTICE_SMTP"])
def test_the_addresses_of_notices_are_not_shown_and_reach_child_processes(door):
    scheme = "smtps" if door == "NOTICE_SMTP" else "https"
    settings = load({f"HOLDFAST_{door}": f"{scheme}://desk:hunter2@gate.example:8443"})
    assert "hunter2" not in repr(settings)
    assert load(settings.environ()) == settings


def test_a_relative_state_directory_starts_at_the_project():
    assert load({"HOLDFAST_STATE_DIR": "elsewhere"}).state_dir == PROJECT_ROOT / "elsewhere"
    assert load({"HOLDFAST_STATE_DIR": "/srv/holdfast"}).state_dir == Path("/srv/holdfast")
