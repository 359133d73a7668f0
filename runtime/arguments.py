"""Arguments of a command: flags, and a YAML file with the same names, checked alike."""
import argparse
import difflib
import math

import yaml

from runtime.errors import UserError, shown

CLOSE = 0.85  # of the letters: a slip of the keyboard, not a key of another program


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Adds the default to each help text that does not state it."""

    def _get_help_string(self, action):
        stated = action.default in (None, []) or '(default: ' in action.help
        return action.help if stated else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are the user's one line, and whose flags may not be abbreviated."""

    def __init__(self, description, prog=None):
        super().__init__(prog=prog, description=description, allow_abbrev=False,
                         formatter_class=HelpFormatter)

    def error(self, message):
        raise UserError(f'{message}: {self.prog} --help lists the flags')

    def parse_with_config(self, argv=None):
        """Return the namespace of `argv`, with the rest taken from the YAML of its `--config`.

        Priority: command line, then YAML, then default. Of a dict (feeder and model arguments) the command line
        replaces only the keys that it names. Raises UserError for a key that is no flag and for a wrong value.
        """
        defaults = self.parse_args([])
        given = argparse.Namespace(**dict.fromkeys(vars(defaults), argparse.SUPPRESS))
        self.parse_args(argv, given)
        given = {key: value for key, value in vars(given).items() if value is not argparse.SUPPRESS}
        config_path = given.get('config', defaults.config)
        arguments = {**vars(defaults), **self.check_config(read_yaml(config_path), config_path)}
        for key, value in given.items():
            both_dicts = isinstance(value, dict) and isinstance(arguments[key], dict)
            arguments[key] = {**arguments[key], **value} if both_dicts else value
        return argparse.Namespace(**arguments)

    def check_config(self, config, path):
        """Return the dict `config`, read from `path`, with every value as its flag would have it."""
        actions = {action.dest: action for action in self._actions if action.dest != 'help'}
        checked = {}
        for key, value in config.items():
            if key not in actions:
                near = difflib.get_close_matches(str(key), actions, n=1, cutoff=CLOSE)
                hint = f"did you mean '{near[0]}'?" if near else f'{self.prog} --help lists the keys'
                raise UserError(f"{path}: there is no key '{key}': {hint}")
            checked[key] = check_value(actions[key], value, path)
        return checked


def check_value(action, value, path):
    """Return `value`, which the YAML at `path` gives for `action`, as the flag's own type and number of values."""
    if value is None:
        return action.default
    takes_list = action.nargs in ('+', '*')
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) and not takes_list:
        raise UserError(f'{path}: {action.dest} is a list, but a single value is needed')
    checked = []
    for one in values:
        try:
            if isinstance(one, list) or isinstance(one, dict) and action.type is not mapping:
                raise ValueError
            # A flag's type reads text; YAML has read numbers already, all but such as 1e-3, which it takes for text.
            text = one if isinstance(one, dict) else str(one)
            checked.append(action.type(text) if action.type else text)
        except argparse.ArgumentTypeError as error:
            raise UserError(f'{path}: {action.dest}: {error}') from None
        except ValueError:
            kind = {int: 'a whole number', float: 'a number', mapping: 'a mapping'}.get(action.type, 'a single value')
            raise UserError(f'{path}: {action.dest}: {shown(one)} is not {kind}') from None
        if action.choices is not None and checked[-1] not in action.choices:
            raise UserError(f'{path}: {action.dest}: {shown(one)} is not one of {", ".join(map(str, action.choices))}')
    return checked if takes_list else checked[0]


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
        content = text if isinstance(text, dict) else yaml.safe_load(text)
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
