"""Some of a feeder's samples, as a feeder: a validation part, or those that a file names."""
from torch.utils.data import Dataset

from feeders.interface import average_of
from feeders.labels import text_of
from runtime.dotted import build
from runtime.errors import UserError


class Part(Dataset):
    """The samples `indices` of a feeder: item i is (clip, label, i)."""

    def __init__(self, feeder, indices):
        self.feeder = feeder
        self.indices = [int(i) for i in indices]
        self.label = [feeder.label[i] for i in self.indices]
        self.sample_name = [feeder.sample_name[i] for i in self.indices]
        self.average = average_of(feeder)

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, index):
        clip, label, _ = self.feeder[self.indices[index]]
        return clip, label, index


class NamedPart(Part):
    """The samples of a feeder whose names stand in the text file `names`, one a line.

    `feeder` is the feeder's dotted class name, such as feeders.feeder.Feeder, and `arguments` are its own. Raises
    UserError if one of the names is not there.
    """

    def __init__(self, feeder, names, **arguments):
        whole = build(feeder, arguments, 'feeder arguments')
        with open(names, encoding='utf-8') as file:
            named = set(file.read().splitlines())
        all_names = [text_of(name, names) for name in whole.sample_name]
        if missing := named - set(all_names):
            raise UserError(f'{names}: {min(missing)} is none of the {len(whole)} samples of the feeder')
        super().__init__(whole, [i for i, name in enumerate(all_names) if name in named])
