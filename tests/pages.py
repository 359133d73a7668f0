"""The commands that stand in README.md and docs/."""
import re
import shlex


def blocks(text):
    """Return [(language, content)] of the fenced blocks; blocks without a language hold commands."""
    return re.findall(r'^ *```(\w*)\n(.*?)^ *```$', text, re.M | re.S)


def commands(text):
    """Return the commands of a page, each as a list of words, without comments."""
    lines = ''.join(content.replace('\\\n', ' ') for language, content in blocks(text) if not language).splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]
