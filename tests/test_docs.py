"""README.md and docs/: programs accept every command and flag named there, and every link leads somewhere."""
import argparse
import ast
import importlib
import inspect
import json
import re
import runpy
import shlex
import sys

import pytest
import yaml
from conftest import ROOT, shared_path

from feeders.feeder import Feeder

PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
FOREIGN_PROGRAMS = 'docker', 'pip', 'source', 'python3'  # their arguments are not checked
FOREIGN_FLAGS = {'--gpus', '--shm-size'}


def blocks(text):
    """Return [(language, content)] of the fenced blocks; blocks without a language hold commands."""
    return re.findall(r'^ *```(\w*)\n(.*?)^ *```$', text, re.M | re.S)


def commands(text):
    """Return the commands of a page, each as a list of words, without comments."""
    lines = ''.join(content.replace('\\\n', ' ') for language, content in blocks(text) if not language).splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def prose(text):
    return re.sub(r'^ *```.*?^ *```$', '', text, flags=re.M | re.S)


def code_spans(text):
    return re.findall(r'`([^`\n]+)`', prose(text))


def anchors(text):
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r'^#+ (.*)$', prose(text), re.M)
    return {re.sub(r'[^\w -]', '', heading.lower()).replace(' ', '-') for heading in headings}


class ParserMet(BaseException):
    """Ends a program after its parser accepted the command line."""


@pytest.fixture
def parse(monkeypatch):
    """A function: runs the parser of a script or module on arguments; SystemExit or UserError if it refuses them."""
    original = argparse.ArgumentParser.parse_args

    def parse_args(parser, args=None, namespace=None):
        result = original(parser, args, namespace)
        if args == []:  # main.py asks for its defaults first
            return result
        raise ParserMet

    def run(program, arguments):
        with monkeypatch.context() as patch, pytest.raises(ParserMet):
            patch.setattr(argparse.ArgumentParser, 'parse_args', parse_args)
            patch.setattr(sys, 'argv', [program, *arguments])
            patch.setattr(sys, 'path', list(sys.path))
            if program.endswith('.py'):
                runpy.run_path(str(ROOT / program), run_name='__main__')
            else:
                runpy.run_module(program, run_name='__main__')
    return run


def check_command(words, parse):
    """Fail unless the program named by `words` exists and accepts the arguments."""
    program, *arguments = words
    if program == 'make':
        goals = re.findall(r'^(\w[\w-]*):', (ROOT / 'Makefile').read_text(), re.M)
        assert set(arguments) <= set(goals)
    elif program == 'torchrun':
        from torch.distributed.run import get_args_parser
        launched = get_args_parser().parse_args(arguments)
        parse(launched.training_script, launched.training_script_args)
    elif program == 'python' and arguments[0].startswith('../shared/'):
        assert shared_path(arguments[0].removeprefix('../shared/'))
    elif program == 'python' and '--help' in arguments:
        with pytest.raises(SystemExit) as end:
            parse(arguments[0], arguments[1:])
        assert not end.value.code
    elif program == 'python':
        name, *arguments = arguments[1:] if arguments[0] == '-m' else arguments
        parse(name, arguments)
    else:
        assert program in FOREIGN_PROGRAMS
    for word in words:
        if re.match(r'(\./)?config/', word) or re.fullmatch(r'requirements.*\.txt', word):
            assert (ROOT / word).is_file()


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_programs_accept_the_commands(page, parse):
    for words in commands(page.read_text()):
        try:
            check_command(words, parse)
        except (AssertionError, SystemExit, OSError) as error:
            pytest.fail(f'{page.name}: {shlex.join(words)}: {error}')


def test_flags_in_the_text_exist():
    sources = ROOT.glob('*.py'), *((ROOT / folder).rglob('*.py') for folder in ('data_gen', 'runtime', 'benchmarks'))
    known = set(re.findall(r"'(--[a-z][\w-]*)'", ''.join(path.read_text() for found in sources for path in found)))
    for page in PAGES:
        if page.name != 'errors.md':  # shows a wrong flag; its lines have a test of their own
            words = ' '.join(code_spans(page.read_text()))
            assert set(re.findall(r'(?<!\S)--[a-z][\w-]*', words)) <= known | FOREIGN_FLAGS, page.name


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_links_and_files_exist(page):
    text = page.read_text()
    for target in re.findall(r'\]\(([^)\s]+)\)', prose(text)):
        if not target.startswith('http'):
            file, _, anchor = target.partition('#')
            path = page.parent / file if file else page
            assert path.is_file(), target
            assert not anchor or anchor in anchors(path.read_text()), target
    folders = '|'.join(path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in ('data', 'runs'))
    for word in ' '.join(code_spans(text)).split():
        if re.fullmatch(rf'(\./)?({folders})/[\w./-]*', word) and not word.startswith('work_dir'):
            assert (ROOT / word).exists(), word
        if re.fullmatch(r'\w+\.py', word):
            assert list(ROOT.glob(word)) or list(ROOT.glob(f'*/{word}')), word


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_blocks_are_valid(page):
    for language, content in blocks(page.read_text()):
        if language == 'json':
            json.loads(content)
        elif language == 'yaml':
            yaml.safe_load(content)
        elif language == 'python':
            for node in ast.walk(ast.parse(content)):
                if isinstance(node, ast.ImportFrom):
                    module = importlib.import_module(node.module)
                    assert all(hasattr(module, name.name) for name in node.names)
        else:
            assert language in ('', 'text')


def test_every_argument_of_the_feeder_is_documented():
    section = (ROOT / 'docs/configuration.md').read_text().split('\n## Arguments of the feeder')[1].split('\n## ')[0]
    first_cells = ' '.join(re.findall(r'^\| (`.*?`) \|', section, re.M))
    documented = re.findall(r'`(\w+)`', first_cells + ' `data_path` `label_path` `statistics_path`')
    assert sorted(documented) == sorted(set(inspect.signature(Feeder).parameters))


def test_readme_is_short_and_leads_to_every_page():
    readme = PAGES[0].read_text()
    assert len(readme.splitlines()) <= 200
    assert all(f'](docs/{page.name})' in readme for page in PAGES[1:])


def test_readme_has_the_commands_of_the_seed_in_their_order():
    text = shared_path('seed.md').read_text()
    seed = [words for words in commands(text) if words[0] == 'python']
    assert len(seed) == 18
    assert [words for words in commands(PAGES[0].read_text()) if words in seed] == seed
