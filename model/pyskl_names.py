"""The parameters of AAGCN by the names that PYSKL and MMAction2 give them.

Source: the checkpoints of https://github.com/kennymckormick/pyskl and https://github.com/open-mmlab/mmaction2, whose
AAGCN equals model.aagcn, and whose AGCN is that AAGCN without attention.
"""
import re

# Their name, as a regular expression, and ours; units count from 0 there and from 1 here.
NAMES = (
    (r'backbone\.data_bn\.(.+)', lambda match: f'data_bn.{match[1]}'),
    (r'backbone\.gcn\.(\d+)\.gcn\.A', lambda match: f'l{int(match[1]) + 1}.gcn1.PA'),
    (r'backbone\.gcn\.(\d+)\.(gcn|tcn)\.(.+)', lambda match: f'l{int(match[1]) + 1}.{match[2]}1.{match[3]}'),
    (r'backbone\.gcn\.(\d+)\.residual\.(.+)', lambda match: f'l{int(match[1]) + 1}.residual.{match[2]}'),
    (r'cls_head\.fc(?:_cls)?\.(.+)', lambda match: f'fc.{match[1]}'),  # fc_cls in PYSKL, fc in MMAction2
)
NO_PARAMETER = re.compile(r'backbone\.A|data_preprocessor\.(mean|std)')  # the graph of the body, and video input


def is_theirs(weights):
    """Return whether the dict `weights` uses their names."""
    return any(name.startswith('backbone.gcn.') for name in weights)


def in_our_names(weights):
    """Return `weights` (name → tensor) in their names by our names, in their order; unknown names stay as they are."""
    return {our_name(name): value for name, value in weights.items() if not NO_PARAMETER.fullmatch(name)}


def our_name(name):
    for theirs, ours in NAMES:
        if match := re.fullmatch(theirs, name):
            return ours(match)
    return name
