#!/usr/bin/env python3
"""Train or test one stream of 2s-AGCN, as a YAML config says: `python main.py --config FILE [flags]`."""
import sys

from runtime.errors import UserError, run_command
from runtime.run_flags import get_parser

if __name__ == '__main__' and {'-h', '--help'} & set(sys.argv[1:]):
    get_parser().parse_args()  # answers before torch is imported, which takes seconds

import contextlib  # noqa: E402
import inspect  # noqa: E402
import math  # noqa: E402
import pathlib  # noqa: E402
import random  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
import yaml  # noqa: E402
from torch.nn.parallel import DataParallel, DistributedDataParallel  # noqa: E402
from tqdm import tqdm  # noqa: E402

from ensemble import class_accuracies  # noqa: E402
from feeders.batches import BatchOrder, make_loader  # noqa: E402
from feeders.parts import Part  # noqa: E402
from feeders.validation import validation_part  # noqa: E402
from model.recipe import average_weights, is_last_epoch, learning_rate, make_optimizer, make_scheduler  # noqa: E402
from runtime import checkpoint, precision, weights  # noqa: E402
from runtime.device import choose_devices  # noqa: E402
from runtime.dotted import build, import_class  # noqa: E402
from runtime.memory import keep_freed_memory  # noqa: E402
from runtime.processes import Processes  # noqa: E402
from runtime.results import WeightFiles, check_name_free, write_predictions, write_scores  # noqa: E402
from runtime.run_folder import CHECKPOINT, EventFiles, RunFolder  # noqa: E402
from runtime.stop_signals import StopSignals, stop_requested  # noqa: E402
from runtime.trained import (  # noqa: E402
    answer,
    average_of,
    build_graph,
    build_network,
    check_fits_model,
    sample_names,
)
from runtime.weights import find_weights  # noqa: E402


class Processor:
    """One run: builds feeder, graph and model as the arguments say, then trains or tests.

    The methods are the chapters of a run, in its order. Batches are (N, C, T, V, M), scores (N, num_class).
    """

    def __init__(self, arg):
        self.arg = arg
        self.stop = StopSignals()
        self.processes = Processes()
        self.devices, device_line = choose_devices(arg.device, self.processes.local_rank)
        self.device = self.devices[0]
        self.processes.connect(self.device)
        self.folder = RunFolder(arg.work_dir, self.processes.is_main, arg.print_log)
        self.folder.check_free(arg.resume, arg.overwrite)
        self.folder.log(device_line)
        self.saved_name = arg.model_saved_name or str(pathlib.Path(arg.work_dir, 'weights'))
        if arg.phase == 'train' and not (arg.resume or arg.overwrite):
            check_name_free(self.saved_name)
        self.events = {part: EventFiles(pathlib.Path(self.saved_name, part), self.processes.is_main)
                       for part in ('train', 'val')}
        self.seed()
        self.load_data()
        self.load_model()
        self.global_step = weights.step_in_name(arg.weights or '')
        if arg.phase == 'train':
            self.load_optimizer()
            self.global_step = self.global_step or arg.start_epoch * len(self.loader['train'])

    def seed(self):
        random.seed(self.arg.seed)
        np.random.seed(self.arg.seed % 2 ** 32)
        torch.manual_seed(self.arg.seed)
        torch.backends.cudnn.deterministic = self.arg.deterministic
        torch.backends.cudnn.benchmark = not self.arg.deterministic

    def load_data(self):
        """Build the feeders that the phase needs, and their loaders.

        The parts are 'train' and 'test', and 'val' where a part of the training data is kept for validation.
        """
        arg, processes = self.arg, self.processes
        if arg.phase == 'train' and arg.batch_size % (processes.world_size * arg.accumulate):
            raise UserError(f'batch_size {arg.batch_size} is not divisible by {processes.world_size} processes '
                            f'× {arg.accumulate} parts: choose one that is')
        self.feeder, self.order, self.loader = {}, {}, {}
        for part in ('train', 'test') if arg.phase == 'train' else ('test',):
            key = f'{part}_feeder_args'
            self.feeder[part] = build(arg.feeder, getattr(arg, key), key)
            check_fits_model(self.feeder[part], arg, key)
        if arg.phase == 'train' and (arg.val_persons or arg.val_share):
            self.keep_for_validation()
        self.evaluated_part = 'val' if 'val' in self.feeder else 'test'
        for part, feeder in self.feeder.items():
            training = part == 'train'
            order = BatchOrder(len(feeder), arg.batch_size if training else arg.test_batch_size, arg.seed,
                               shuffle=training, drop_last=training, rank=processes.rank,
                               world_size=processes.world_size, share='rows' if training else 'batch')
            if training and not len(order):
                raise UserError(f'train_feeder_args: {len(feeder)} samples do not fill one batch of {arg.batch_size}: '
                                'lower --batch-size')
            self.order[part] = order
            self.loader[part] = make_loader(feeder, order, arg.num_worker, self.device)

    def keep_for_validation(self):
        """Take a part out of the training data, to be prepared as the test data are."""
        arg, training = self.arg, self.feeder['train']
        same = {'data_path', 'label_path', 'debug'}  # which samples there are; all else is as in a test
        if not {'data_path', 'label_path'} <= arg.train_feeder_args.keys():
            raise UserError('validation takes its samples from data_path and label_path of train_feeder_args, and one '
                            'is not there')
        chosen, by_what = validation_part(training.sample_name, training.label, arg.val_persons, arg.val_share,
                                          arg.seed, pathlib.Path(arg.train_feeder_args['data_path']).parent)
        own = {key: value for key, value in arg.test_feeder_args.items() if key not in same}
        samples = {key: value for key, value in arg.train_feeder_args.items() if key in same}
        whole = build(arg.feeder, {**own, **samples}, 'test_feeder_args')
        self.feeder['val'] = Part(whole, np.flatnonzero(chosen))
        self.feeder['train'] = Part(training, np.flatnonzero(~chosen))
        self.folder.log(f'Validation: {chosen.sum()} of the {len(chosen)} training samples, {by_what}')

    def load_model(self):
        """Build the model, on its device, with the weights that were asked for."""
        arg = self.arg
        self.net = build_network(arg)
        if arg.phase == 'test' and not arg.weights:
            raise UserError('a test needs weights: give --weights FILE')
        if arg.weights and not arg.resume:
            self.load_weights(find_weights(arg.weights))
        self.net.to(self.device)
        if hasattr(self.net, 'skip_empty_bodies'):
            self.net.skip_empty_bodies = arg.skip_empty_bodies
        self.averaged = average_weights(self.net, arg.ema) if arg.phase == 'train' and arg.ema else None
        self.evaluated = self.averaged.module if self.averaged else self.net
        self.execution = precision.prepare(self.evaluated, arg.precision, arg.compile, self.device)
        notes = self.execution.notes
        if arg.phase == 'train' and self.execution.compiled:
            notes = notes + precision.compile_training(self.net, self.devices)
        for note in notes:
            self.folder.log(note)
        torch.manual_seed(arg.seed + self.processes.rank)  # from here on, dropout, which differs between processes
        self.wrap_model()

    def load_weights(self, path):
        ignored, missing = weights.load_into(self.net, path, self.arg.ignore_weights)
        self.folder.log(f'Weights: {path}')
        if ignored:
            self.folder.log(f'\tIgnored: {", ".join(ignored)}')
        if missing:
            self.folder.log(f'\tNot in the file, so at their initial values: {", ".join(missing)}')

    def wrap_model(self):
        """Let every process or GPU of the run take its share of a training batch."""
        if self.processes.world_size > 1:
            on_gpu = self.device.type == 'cuda'
            self.model = DistributedDataParallel(self.net, device_ids=[self.device] if on_gpu else None)
        elif len(self.devices) > 1:
            self.model = DataParallel(self.net, self.devices, self.device)
        else:
            self.model = self.net

    def evaluated_model(self):
        """Return the network to evaluate, over all GPUs of the process, unless it is compiled: that is for one."""
        if len(self.devices) > 1 and not self.execution.compiled:
            return DataParallel(self.evaluated, self.devices, self.device)
        return self.evaluated

    def load_optimizer(self):
        self.optimizer = make_optimizer(self.arg, self.net.parameters())
        self.scheduler = make_scheduler(self.arg, self.optimizer, len(self.loader['train']))
        self.scaler = self.execution.gradient_scaler()
        self.files = WeightFiles(self.saved_name, self.arg.keep)

    def start(self):
        """Train or test, as the phase says."""
        state, changes = self.load_checkpoint() if self.arg.resume else (None, [])
        self.folder.claim()
        if state is None:
            self.folder.start_anew(self.arg.overwrite, self.arg.phase)
            if self.arg.overwrite and self.arg.phase == 'train':
                for events in self.events.values():
                    events.go_back_to({})
            parameters = sum(parameter.numel() for parameter in self.net.parameters())
            self.folder.log(f'Model: {self.arg.model}, {parameters:,} parameters')
            if self.arg.phase == 'train':
                self.events['train'].add_text('config', yaml.safe_dump(vars(self.arg), sort_keys=False))
                self.events['train'].add_text('model', f'{parameters:,} parameters\n{self.net}')
        self.folder.write_config(vars(self.arg))
        self.folder.copy_source(inspect.getfile(import_class(self.arg.model)))
        with self.stop:
            try:
                if self.arg.phase == 'test':
                    self.evaluate(0, save_score=self.arg.save_score, list_predictions=True)
                else:
                    self.run_training(state, changes)
            finally:
                for events in self.events.values():
                    events.close()
                self.folder.release()
        self.model = self.net  # DistributedDataParallel must be gone before the group that it speaks through
        self.processes.disconnect()

    def run_training(self, state, changes):
        """Train epoch by epoch, from the checkpoint `state` if there is one; `changes` are the flags' since then."""
        arg = self.arg
        epoch, batch, losses = self.restore(state) if state else (arg.start_epoch, 0, [])
        for change in changes:
            self.folder.log(f'Resumed with a change: {change}')
        if epoch >= arg.num_epoch and self.processes.is_main:
            print('The run is finished: there is nothing left to train')
        while epoch < arg.num_epoch:
            losses = self.train(epoch, batch, losses)
            last = is_last_epoch(arg, epoch)
            self.save_checkpoint(epoch, len(self.loader['train']), losses)
            self.log_training(losses)
            accuracy = None
            if (epoch + 1) % arg.eval_interval == 0 or last:
                accuracy = self.evaluate(epoch, self.evaluated_part, save_score=arg.save_score)
            if accuracy is not None:
                self.files.save_if_best(self.evaluated, epoch, self.global_step, accuracy)
            if self.processes.is_main and ((epoch + 1) % arg.save_interval == 0 or last):
                self.files.save(self.evaluated, epoch, self.global_step)
            epoch, batch, losses = arg.num_epoch if last else epoch + 1, 0, []
            self.save_checkpoint(epoch, batch, losses)
        if self.evaluated_part == 'val':
            self.test_best()

    def test_best(self):
        """Test the weights that did best on the validation part: the only look at the test part."""
        best = self.processes.share(self.files.best)
        if best is None:  # nothing was left to train
            return
        self.folder.log(f'The best of the validation part, {100 * best["top1"]:.2f}% in epoch {best["epoch"] + 1}:')
        weights.load_into(self.evaluated, self.saved_name + '-best.pt')
        self.evaluate(best['epoch'], 'test', save_score=self.arg.save_score)

    def train(self, epoch, first_batch, losses):
        """Train on the batches of one epoch from `first_batch` on; return `losses` with theirs added."""
        arg = self.arg
        self.model.train()
        self.freeze_graph(epoch)
        if self.scheduler is None:
            for group in self.optimizer.param_groups:
                group['lr'] = learning_rate(arg, epoch)
        if first_batch == 0:
            self.folder.log(f'Training epoch: {epoch + 1}')
            self.timer = {'Data': 0.0, 'Network': 0.0}
        self.order['train'].set_epoch(epoch)
        self.order['train'].skip(first_batch)
        saved_at = clock = time.monotonic()
        progress = self.progress(self.loader['train'], first_batch, len(self.loader['train']))
        for batch, (data, label, index) in enumerate(progress, first_batch + 1):
            loaded = time.monotonic()
            rate = self.optimizer.param_groups[0]['lr']
            loss, loss_l1, accuracy = self.step(epoch, batch, data, label, index)
            losses.append(loss)
            self.events['train'].add({'acc': accuracy, 'loss': loss, 'loss_l1': loss_l1, 'lr': rate, 'epoch': epoch},
                                     self.global_step)
            self.global_step += 1
            if batch % arg.log_interval == 0:
                self.folder.log(f'\tBatch {batch} of {len(self.loader["train"])}: loss {loss:.4f}, lr {rate:.6f}')
            self.timer['Data'] += loaded - clock
            clock = time.monotonic()
            self.timer['Network'] += clock - loaded
            stop, due = self.processes.any(self.stop.received is not None,
                                           clock - saved_at > 60 * arg.checkpoint_interval)
            if stop or due:
                self.save_checkpoint(epoch, batch, losses)
                saved_at = clock
            if stop:
                # Another process may have been sent the signal, and a cluster sends SIGTERM.
                raise stop_requested(self.stop.received or signal.SIGTERM,
                                     'its checkpoint is written: --resume goes on from here')
        return losses

    def step(self, epoch, batch, data, label, index):
        """Take one optimizer step on data (N, C, T, V, M); return the batch's loss, l1 loss and accuracy."""
        parts = self.arg.accumulate
        self.optimizer.zero_grad()
        total = np.zeros(3)
        for part, (x, y) in enumerate(zip(data.chunk(parts), label.chunk(parts))):
            y = y.to(self.device, non_blocking=True)
            with self.model.no_sync() if self.shared_later(part) else contextlib.nullcontext():
                output, l1 = self.forward(self.model, x)
                loss = F.cross_entropy(output, y, label_smoothing=self.arg.label_smoothing) + l1
                self.scaler.scale(loss / parts).backward()
            total += loss.item(), float(l1), (output.argmax(1) == y).float().mean().item()
        loss, loss_l1, accuracy = self.processes.mean(*(total / parts).tolist())
        if not math.isfinite(loss):
            self.end_on_bad_loss(loss, epoch, batch, index)
        if self.arg.grad_clip is not None:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.arg.grad_clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.scheduler is not None:
            self.scheduler.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.net)
        return loss, loss_l1, accuracy

    def forward(self, model, data, average='score'):
        """Return what `model` answers to the batch `data` from a loader, see `answer`."""
        with self.execution.autocast():
            return answer(model, data.to(self.device, non_blocking=True), average)

    def shared_later(self, part):
        """Tell whether the gradients of this part of a batch need not be sent to the other processes yet."""
        return isinstance(self.model, DistributedDataParallel) and part + 1 < self.arg.accumulate

    def freeze_graph(self, epoch):
        """Freeze the learned graphs (parameters named PA) while epoch ≤ only_train_epoch, if only_train_part."""
        if not self.arg.only_train_part:
            return
        learned = [parameter for name, parameter in self.net.named_parameters() if 'PA' in name]
        trained = epoch > self.arg.only_train_epoch
        if any(parameter.requires_grad != trained for parameter in learned):
            for parameter in learned:
                parameter.requires_grad_(trained)
            self.wrap_model()  # DistributedDataParallel learns which gradients to expect when it is made

    def end_on_bad_loss(self, loss, epoch, batch, index):
        names = self.processes.gather(sample_names(self.feeder['train'], index.tolist()))
        names = ', '.join(name for part in names or [] for name in part)
        raise UserError(f'the loss is {loss} in epoch {epoch + 1}, batch {batch}, of the samples {names}: lower '
                        '--base-lr or set --grad-clip; the weights of before are kept')

    def log_training(self, losses):
        self.folder.log(f'\tMean training loss: {np.mean(losses):.4f}.')
        total = sum(self.timer.values()) or 1.0
        shares = ', '.join(f'[{name}]{int(100 * seconds / total):02d}%' for name, seconds in self.timer.items())
        self.folder.log(f'\tTime consumption: {shares}')

    def evaluate(self, epoch, part='test', save_score=False, list_predictions=False):
        """Score the samples of `part`, 'test' or 'val'; log loss and top-k, write what was asked for, return the top-1.

        Only process 0 logs and writes; the others return None.
        """
        feeder = self.feeder[part]
        which = {'val': ', the validation part', 'test': ', the test part'}[part] if 'val' in self.feeder else ''
        self.folder.log(f'Eval epoch: {epoch + 1}{which}')
        began = time.monotonic()
        batches = self.score_samples(part)
        seconds = time.monotonic() - began
        if not self.processes.is_main:
            return None
        loss, loss_l1 = np.mean([b[:2] for b in batches], axis=0)
        index = np.concatenate([b[2] for b in batches])
        score = np.concatenate([b[3] for b in batches])
        accuracies = {k: feeder.top_k(score, k) for k in {1, *self.arg.show_topk}}
        self.folder.log(f'\tMean test loss of {len(batches)} batches: {loss}.')
        for k in self.arg.show_topk:
            self.folder.log(f'\tTop{k}: {100 * accuracies[k]:.2f}%')
        label = np.asarray(feeder.label)[index]
        if self.arg.phase == 'train' and part == self.evaluated_part:
            self.events['val'].add({'loss': loss, 'loss_l1': loss_l1, 'acc': accuracies[1]}, self.global_step)
            self.draw(label, score)
        else:
            self.folder.log(f'\tMean class accuracy: {100 * np.mean([*class_accuracies(score, label).values()]):.2f}%')
            self.folder.log(f'\tSpeed: {len(index) / seconds:.1f} samples per second')
        if save_score:
            path = self.folder.path / f'epoch{epoch + 1}_{part}_score.pkl'
            if average_of(feeder) == 'probability':
                score = F.softmax(torch.from_numpy(score), 1).numpy()
            write_scores(path, sample_names(feeder, index.tolist()), score)
            if self.arg.phase == 'test':
                self.folder.log(f'\tScores: {path}')
        if list_predictions and not self.arg.test_feeder_args.get('debug', False):
            write_predictions(self.saved_name, index, score.argmax(1), label)
            self.folder.log(f'\tPredictions: {self.saved_name}_right.txt, the wrong ones: {self.saved_name}_wrong.txt')
        return accuracies[1]

    def score_samples(self, part):
        """Return the batches of `part` in order, each as (loss, l1, index (n,), scores (n, num_class)).

        Only process 0 has them all, the others return None. Each process takes whole batches in turn, so that their
        losses and scores are those of a single process.
        """
        self.evaluated.eval()
        self.processes.share_buffers(self.evaluated)  # batch norm has followed each process's own rows
        self.order[part].set_epoch(0)
        model, batches = self.evaluated_model(), []
        with torch.inference_mode():
            for data, label, index in self.progress(self.loader[part], 0, len(self.loader[part])):
                output, l1 = self.forward(model, data, average_of(self.feeder[part]))
                loss = F.cross_entropy(output, label.to(self.device)) + l1
                batches.append((loss.item(), float(l1), index.numpy(), output.cpu().numpy()))
                if self.stop.received is not None:
                    raise stop_requested(self.stop.received, (
                        'nothing was written; run it again' if self.arg.phase == 'test' else
                        'the checkpoint of before this evaluation is there: --resume goes on from it'))
        gathered = self.processes.gather(batches)
        return sorted((b for part in gathered for b in part), key=lambda b: b[2][0]) if gathered else None

    def draw(self, label, score):
        """Show TensorBoard the confusions and three learned graphs, where matplotlib is installed."""
        try:
            from figures.report_numbers import confusion_counts
            from figures.training import confusion_image, learned_graphs_image
        except ImportError:
            return
        counts = confusion_counts(score.argmax(1), label, score.shape[1])
        self.events['val'].add_image('confusion', confusion_image(counts), self.global_step)
        if 'graph' in self.arg.model_args:
            image = learned_graphs_image(self.evaluated, build_graph(self.arg))
            if image is not None:
                self.events['val'].add_image('learned_graphs', image, self.global_step)

    def save_checkpoint(self, epoch, batch, losses):
        """Write all that a resumed run needs to go on before batch `batch` of `epoch`, whose `losses` are known."""
        generators = self.processes.gather(checkpoint.random_states(self.device))
        if not self.processes.is_main:
            return
        weights.save_tensors({
            'arguments': vars(self.arg), 'num_train': len(self.feeder['train']), 'epoch': epoch, 'batch': batch,
            'losses': losses, 'timer': self.timer, 'global_step': self.global_step, 'files': self.files.state(),
            'model': self.net.state_dict(),
            'averaged': self.averaged and self.averaged.state_dict(),
            'scheduler': self.scheduler and self.scheduler.state_dict(),
            'optimizer': self.optimizer.state_dict(), 'scaler': self.scaler.state_dict(), 'random': generators,
            'log': self.folder.position(), 'events': {part: events.position() for part, events in self.events.items()},
        }, self.folder.path / CHECKPOINT)

    def load_checkpoint(self):
        path = self.folder.path / CHECKPOINT
        state, changes = checkpoint.load_checkpoint(path, vars(self.arg))
        if state['num_train'] != len(self.feeder['train']):
            raise UserError(f'{path}: it was written on {state["num_train"]} training samples, and there are '
                            f'{len(self.feeder["train"])} now')
        return state, changes

    def restore(self, state):
        """Set everything to where the checkpoint `state` was written; return its epoch, batch and losses."""
        self.net.load_state_dict(state['model'])
        self.optimizer.load_state_dict(state['optimizer'])
        self.scaler.load_state_dict(state['scaler'])
        if self.averaged:
            self.averaged.load_state_dict(state['averaged'])
        if self.scheduler:
            self.scheduler.load_state_dict(state['scheduler'])
        self.global_step, self.timer = state['global_step'], state['timer']
        self.files.go_on_from(state['files'])
        if len(state['random']) == self.processes.world_size:
            checkpoint.restore_random_states(state['random'][self.processes.rank], self.device)
        self.folder.go_back_to(state['log'])
        for part, events in self.events.items():
            events.go_back_to(state['events'][part])
        return state['epoch'], state['batch'], list(state['losses'])

    def progress(self, loader, done, total):
        """Return `loader` with a progress bar, where there is a terminal to show it on."""
        return tqdm(loader, initial=done, total=total, unit='batch', leave=False,
                    disable=None if self.processes.is_main else True)


def main():
    """Run what the command line and its config say."""
    arg = get_parser().parse_with_config()
    keep_freed_memory()
    try:
        Processor(arg).start()
    except torch.OutOfMemoryError:
        raise UserError('the GPU has not enough memory: lower --batch-size, or pass it in parts with --accumulate; '
                        'in an evaluation, lower --test-batch-size') from None


if __name__ == '__main__':
    run_command(main)
