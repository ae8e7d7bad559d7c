"""The pages of the site that `mkdocs build` makes, and where links of pages lead.

`reference/commands.md` comes from the parsers of the commands. README.md is the first page;
CONTRIBUTING.md and the like are pages, too. A link to any other file of the project, which the
site does not hold, becomes plain text. A link to a file that does not exist fails the build.
"""

import argparse
import logging
import posixpath
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PROJECT = {  # file of the project -> page of the site
    "README.md": "index.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
    "CODE_OF_CONDUCT.md": "project/code_of_conduct.md",
}
LINK = re.compile(r"\[([^][]*)\]\(([^()#\s:]+)(#[^()\s]*)?\)")  # to a file, not to an address
log = logging.getLogger("mkdocs.hooks")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that do not lie in docs/."""
    for source, page in PROJECT.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    text = "\n".join(commands_page())
    files.append(File.generated(config, "reference/commands.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Leads the links of a page to where their files are on the site."""
    here = page.file.src_uri
    source = {uri: name for name, uri in PROJECT.items()}.get(here, f"docs/{here}")

    def lead(link: re.Match[str]) -> str:
        text, path, anchor = link[1], link[2], link[3] or ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if target in PROJECT:
            uri = PROJECT[target]
        elif target.startswith("docs/"):
            uri = target.removeprefix("docs/")
        else:
            if not (ROOT / target).exists():
                log.warning("%s links to %s, which is not there", source, target)
            return text
        return f"[{text}]({posixpath.relpath(uri, posixpath.dirname(here) or '.')}{anchor})"

    return LINK.sub(lead, markdown)


def commands_page() -> Iterator[str]:
    """Yields the lines of the page on all commands."""
    sys.path.insert(0, str(ROOT))  # the clone, not a version that is installed
    from dcgan_v1 import commands

    yield "# Commands\n"
    yield "`dcgan-v1 NAME` after `pip install .`, or `python scripts/NAME.py` in a clone (with"
    yield "`_` for `-`). Every command also has `--help` and `--debug`, which shows tracebacks and"
    yield "TensorFlow's own messages. Exit code 0 is success, 2 an error, told in one line.\n"
    for name in commands.NAMES:
        module = import_module(f"dcgan_v1.commands.{name}")
        parser = module.make_parser()
        parser.prog = f"dcgan-v1 {name.replace('_', '-')}"
        made_in = module.main.__module__.rpartition(".")[2]
        title = name.replace("_", "-")
        if made_in == name:
            yield from command_section(title, parser)
        else:  # an alias, whose options are among those of the command
            real = f"An older name for [`{made_in}`](#{made_in}). " * (made_in in commands.NAMES)
            yield f"## {title}\n\n{real}{' '.join((parser.description or '').split())}\n"


def command_section(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yields the lines on one command: what it does, its usage, its options by group."""
    yield f"## {name}\n"
    yield f"{' '.join((parser.description or '').split())}\n"
    formatter = argparse.HelpFormatter(parser.prog, width=80)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)
    yield f"```text\n{formatter.format_help().strip()}\n```\n"
    for group in parser._action_groups:
        actions = [a for a in group._group_actions if a.dest not in ("help", "debug")]
        actions = [a for a in actions if a.help != argparse.SUPPRESS]
        if not actions:
            continue
        title = (group.title or "").removeprefix("positional ")
        yield f"| {title} | |\n|---|---|"
        for action in actions:
            words = formatter._format_action_invocation(action)
            help = formatter._expand_help(action) if action.help else ""
            yield f"| `{words}` | {cell(' '.join(help.split()))} |"
        yield ""


def cell(text: str) -> str:
    """Returns text as a cell of a Markdown table shows it: no sign of it is markup."""
    return re.sub(r"([|<>*_\[\]])", r"\\\1", text)
