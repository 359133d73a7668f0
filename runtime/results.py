"""The files that hold the results of a run: scores, predictions, weights."""
import json
import pathlib
import pickle
import re

from runtime.atomic_file import write_whole
from runtime.errors import UserError
from runtime.weights import save_weights


def write_scores(path, names, scores):
    """Write sample name → scores (num_class,), float32, in the order of `names`; `scores` is (N, num_class)."""
    with write_whole(path) as file:
        pickle.dump(dict(zip(names, scores)), file)


def write_predictions(saved_name, index, predicted, true):
    """Write every sample as `predicted,true`, and the wrong ones as `index,predicted,true`, beside `saved_name`."""
    with write_whole(saved_name + '_right.txt', 'w') as file:
        file.writelines(f'{p},{t}\n' for p, t in zip(predicted, true))
    with write_whole(saved_name + '_wrong.txt', 'w') as file:
        file.writelines(f'{i},{p},{t}\n' for i, p, t in zip(index, predicted, true) if p != t)


class WeightFiles:
    """The weights that a training run writes: `NAME-EPOCH-STEP.pt`, and the best as `NAME-best.pt` and `.json`.

    Of the numbered files that this run wrote, only the last `keep` stay; None keeps all. A checkpoint carries the
    `state_dict`.
    """

    def __init__(self, saved_name, keep=None):
        self.saved_name = saved_name
        self.keep = keep
        self.best = None
        self.numbered = []

    def earlier(self):
        """Return the files that a run with this name has left."""
        name = pathlib.Path(self.saved_name)
        ours = re.compile(re.escape(name.name) + r'-(best\.(pt|json)|\d+-\d+\.pt)')
        return sorted(path for path in name.parent.glob('*') if ours.fullmatch(path.name))

    def check_free(self):
        """Raise UserError if an earlier run has left files under this name."""
        if left := self.earlier():
            raise UserError(f'{left[-1]}: it belongs to an earlier run: --overwrite replaces it, '
                            '--model-saved-name chooses another name')

    def save(self, network, epoch, global_step):
        """Write the numbered file of `epoch`, and delete those that are not to be kept."""
        path = f'{self.saved_name}-{epoch}-{global_step}.pt'
        save_weights(network, path)
        self.numbered = [*(p for p in self.numbered if p != path), path]
        while self.keep is not None and len(self.numbered) > self.keep:
            pathlib.Path(self.numbered.pop(0)).unlink(missing_ok=True)

    def save_if_best(self, network, evaluation):
        """Write the weights as the best, with the dict `evaluation`, if no evaluation before had a higher top1."""
        if self.best is None or evaluation['top1'] > self.best['top1']:
            self.best = evaluation
            save_weights(network, self.saved_name + '-best.pt')
            with write_whole(self.saved_name + '-best.json', 'w') as file:
                json.dump(self.best, file)

    def state_dict(self):
        return {'best': self.best, 'numbered': self.numbered}

    def load_state_dict(self, state):
        self.best, self.numbered = state['best'], list(state['numbered'])
