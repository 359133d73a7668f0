"""Arguments of a command: flags, and a YAML file with the same names, which argparse checks as it checks flags."""
import argparse
import math

import yaml

from runtime.errors import UserError


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are the user's one line, and whose flags may not be abbreviated.

    Help texts end in the default, where there is one and they do not state it.
    """

    def __init__(self, description, prog=None):
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def add_argument(self, *names, **how):
        text = how.get('help')
        if text and how.get('default') not in (None, [], argparse.SUPPRESS) and '(default: ' not in text:
            how['help'] = f'{text} (default: %(default)s)'
        return super().add_argument(*names, **how)

    def error(self, message):
        raise UserError(f'{message}: {self.prog} --help lists the flags')

    def parse_with_config(self, argv=None):
        """Return the namespace of `argv`, with the rest taken from the YAML of its `--config`.

        Priority: command line, then YAML, then default. Of a dict (feeder and model arguments) the command line
        replaces only the keys that it names. Raises UserError for a key that is no flag and for a wrong value.
        """
        path = self.parse_args(argv).config
        arguments = self.parse_args([])
        for key, value in read_yaml(path).items():
            try:
                self.parse_args(as_flag(key, value), arguments)
            except UserError as error:
                raise UserError(f'{path}: {key}: {error}') from None
        return self.parse_args(argv, arguments)


class Update(argparse.Action):
    """Of a flag whose value is a dict: its keys replace those of the config, the others stay."""

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, {**getattr(namespace, self.dest), **values})


def as_flag(key, value):
    """Return the words of a command line that give the flag `key` the `value` read from YAML; none for null."""
    flag = '--' + str(key).replace('_', '-')
    if value is None:
        return []
    if isinstance(value, list):
        return [flag, *map(str, value)]
    return [f'{flag}={yaml.safe_dump(value, default_flow_style=True) if isinstance(value, dict) else value}']


def read_yaml(path):
    """Return the mapping in the YAML file at `path`; UserError names the line where it is broken."""
    try:
        with open(path, encoding='utf-8') as file:
            content = yaml.safe_load(file)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: check the path') from None
    except UnicodeDecodeError:
        raise UserError(f'{path}: not a text file: YAML is needed') from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f'{path}: not valid YAML: {error}') from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(f'{path}: the file must hold "key: value" lines')
    return content


def yes_or_no(text):
    """Read a boolean as the published flags spell it: yes/true/t/y/1 or no/false/f/n/0."""
    if text.lower() in ('yes', 'true', 't', 'y', '1'):
        return True
    if text.lower() in ('no', 'false', 'f', 'n', '0'):
        return False
    raise argparse.ArgumentTypeError(f"'{text}' is neither yes nor no")


def mapping(text):
    """Read a dict as YAML writes it in one line: `{window_size: 64, debug: true}`."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = None
    if not isinstance(content, dict):
        raise argparse.ArgumentTypeError(f"'{text}' is not a mapping such as {{window_size: 64}}")
    return content


def ranged(kind, fits, words):
    """Return a flag's type, which reads a `kind` of number that `fits`; `words` describe such numbers."""
    def read(text):
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not fits(number):
            raise argparse.ArgumentTypeError(f"'{text}' is not {words}")
        return number
    return read


count = ranged(int, lambda number: number >= 1, 'a whole number ≥ 1')
whole_number = ranged(int, lambda number: number >= 0, 'a whole number ≥ 0')
number_from_0 = ranged(float, lambda number: 0 <= number < math.inf, 'a number ≥ 0')
number_above_0 = ranged(float, lambda number: 0 < number < math.inf, 'a number > 0')
finite_number = ranged(float, math.isfinite, 'a finite number')
fraction = ranged(float, lambda number: 0 <= number < 1, 'a number ≥ 0 and < 1')


def balanced_or_number(text):
    """Read the word balanced, or a number from 0."""
    return text if text == 'balanced' else number_from_0(text)
