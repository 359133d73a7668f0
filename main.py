#!/usr/bin/env python3
"""Train or test one stream of 2s-AGCN, as a YAML config says: `python main.py --config FILE [flags]`."""
import contextlib
import inspect
import pathlib
import random
import signal
import time

import numpy as np
import torch
import torch.nn.functional as F
import yaml
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from feeders.batches import BatchOrder, SeededItems, make_loader
from feeders.fingerprint import fingerprints
from feeders.interface import average_of, bad_clip, check_fits_model, check_item, sample_names
from feeders.validation import kept_for_validation
from model import recipe
from model.empty_bodies import with_bodies
from model.from_config import build_network, load_into, model_arguments
from model.outputs import heads_and_l1
from prediction.scores import class_accuracies, write_scores
from runtime import checkpoint, weights
from runtime.arguments import get_parser
from runtime.device import choose_devices, choose_execution, compile_training, keep_freed_memory
from runtime.dotted import build
from runtime.errors import StopSignals, UserError, run_command, stop_requested
from runtime.processes import Processes, over_devices
from runtime.run_folder import CHECKPOINT, RunFolder, write_events, write_predictions
from runtime.weights import find_weights


class Processor:
    """One run: builds feeder, graph and model as the arguments say, then trains or tests.

    The methods are the steps of a run, in its order. Batches are (N, C, T, V, M), scores (N, num_class).
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
        self.files = weights.WeightFiles(self.saved_name, arg.keep)
        if arg.phase == 'train' and not (arg.resume or arg.overwrite):
            self.files.check_free()
        self.seed()
        self.load_data()
        self.load_model()
        self.epoch, self.global_step = arg.start_epoch, weights.step_in_name(arg.weights or '')
        if arg.phase == 'train':
            self.load_optimizer()
            self.global_step = self.global_step or arg.start_epoch * len(self.loader['train'])
        self.log_position, self.changes = self.load_checkpoint() if arg.resume else (None, [])

    def seed(self):
        random.seed(self.arg.seed)
        np.random.seed(self.arg.seed % 2 ** 32)
        torch.manual_seed(self.arg.seed)
        torch.backends.cudnn.deterministic = self.arg.deterministic
        torch.backends.cudnn.benchmark = not self.arg.deterministic

    def load_data(self):
        """Build the feeders that the phase needs, and their loaders.

        The parts are 'train' and 'test', and 'val' if some of the training data is held out for validation.
        """
        arg, processes = self.arg, self.processes
        if arg.phase == 'train' and arg.batch_size % (processes.world_size * arg.accumulate):
            raise UserError(f'batch_size {arg.batch_size} is not divisible by {processes.world_size} processes '
                            f'× {arg.accumulate} micro-batches: choose a multiple of '
                            f'{processes.world_size * arg.accumulate}')
        self.feeder, self.loader, self.data = {}, {}, {}
        for part in ('train', 'test') if arg.phase == 'train' else ('test',):
            key = f'{part}_feeder_args'
            self.feeder[part] = build(arg.feeder, getattr(arg, key), key)
            if arg.model:
                check_fits_model(self.feeder[part], getattr(arg, key), key, model_arguments(arg))
            self.data[part] = fingerprints(getattr(arg, key))
            check_item(SeededItems(self.feeder[part], arg.seed)[0, 0], arg, key)
        if arg.phase == 'train' and (arg.val_persons or arg.val_share):
            self.feeder['train'], self.feeder['val'], line = kept_for_validation(arg, self.feeder['train'])
            self.folder.log(line)
        self.evaluated_part = 'val' if 'val' in self.feeder else 'test'
        for part, feeder in self.feeder.items():
            training = part == 'train'
            batch_size = arg.batch_size if training else arg.test_batch_size
            order = BatchOrder(len(feeder), batch_size, arg.seed, training, processes.rank, processes.world_size,
                               feeder.label if training and arg.balanced else None)
            if training and not len(order):
                raise UserError(f'train_feeder_args: {len(feeder)} samples do not fill one batch of {arg.batch_size}: '
                                'lower --batch-size')
            self.loader[part] = make_loader(feeder, order, arg.num_worker, self.device)

    def load_model(self):
        """Build the model, on its device, with the weights that were asked for."""
        arg = self.arg
        self.net = build_network(arg)
        if arg.phase == 'test' and not arg.weights:
            raise UserError('a test needs weights: give --weights FILE')
        if arg.weights and not arg.resume:
            self.load_weights()
        self.net.to(self.device)
        if hasattr(self.net, 'skip_empty_bodies'):
            self.net.skip_empty_bodies = arg.skip_empty_bodies
        self.averaged = recipe.average_weights(self.net, arg.ema) if arg.phase == 'train' and arg.ema else None
        self.evaluated = self.averaged.module if self.averaged else self.net
        self.execution = choose_execution(self.evaluated, arg.precision, arg.compile, self.device)
        notes = self.execution.notes
        if arg.phase == 'train' and self.execution.compiled:
            notes = notes + compile_training(self.net, self.devices)
        for note in notes:
            self.folder.log(note)
        torch.manual_seed(arg.seed + self.processes.rank)  # from here on, dropout, which differs between processes
        self.model = self.processes.divide(self.net, self.devices)

    def load_weights(self):
        path = find_weights(self.arg.weights)
        ignored, missing = load_into(self.net, path, self.arg.ignore_weights)
        self.folder.log(f'Weights: {path}')
        for what, names in (('Ignored', ignored), ('Missing in the file, at their initial values', missing)):
            if names:
                self.folder.log(f'\t{what}: {", ".join(names)}')

    def load_optimizer(self):
        self.optimizer = recipe.make_optimizer(self.arg, self.net.parameters())
        self.scheduler = recipe.make_scheduler(self.arg, self.optimizer, len(self.loader['train']))
        self.scaler = self.execution.gradient_scaler()
        self.loss = recipe.make_loss(self.arg, self.feeder['train'].label).to(self.device)

    def train(self, epoch):
        """Train on the samples of `epoch`; log and record the losses."""
        arg, steps, measured = self.arg, [], []
        self.model.train()
        if arg.only_train_part and recipe.freeze_graphs(self.net, frozen=epoch <= arg.only_train_epoch):
            self.model = self.processes.divide(self.net, self.devices)  # it decides which gradients are sent
        if self.scheduler is None:
            for group in self.optimizer.param_groups:
                group['lr'] = recipe.learning_rate(arg, epoch)
        self.loader['train'].batch_sampler.set_epoch(epoch)
        self.folder.log(f'Training epoch: {epoch + 1}')
        number, seconds, clock = len(self.loader['train']), {'Data': 0.0, 'Network': 0.0}, time.monotonic()
        for batch, (data, label, index) in enumerate(self.progress('train'), 1):
            loaded = time.monotonic()
            rate = self.optimizer.param_groups[0]['lr']
            steps.append((self.step(data.float(), label), index, rate, time.time()))
            if batch % arg.log_interval == 0 or batch == number:
                measured += self.read(steps[len(measured):], epoch, len(measured))
            if batch % arg.log_interval == 0:
                self.folder.log(f'\tBatch {batch} of {number}: loss {measured[-1][0]:.4f}, lr {rate:.6f}')
            seconds['Data'] += loaded - clock
            clock = time.monotonic()
            seconds['Network'] += clock - loaded
            if self.processes.any(self.stop.received is not None):
                # The signal may have reached another process only; a cluster sends SIGTERM.
                raise stop_requested(self.stop.received or signal.SIGTERM,
                                     '--resume continues from the beginning of this epoch')
        self.record(epoch, measured, [(rate, when) for *_, rate, when in steps])
        self.global_step += number
        self.folder.log(f'\tMean training loss: {np.mean([loss for loss, *_ in measured]):.4f}.')
        times = (f'[{name}]{int(100 * of_it / sum(seconds.values())):02d}%' for name, of_it in seconds.items())
        self.folder.log(f'\tTime consumption: {", ".join(times)}')

    def step(self, data, label):
        """Take one optimizer step on data (N, C, T, V, M); return (loss, l1 loss, accuracy) of its micro-batches.

        They are a tensor (micro-batches, 3) on the device: reading it would make the CPU wait in every step.
        """
        number, measured = self.arg.accumulate, []
        self.optimizer.zero_grad()
        for i, (x, y) in enumerate(zip(data.chunk(number), label.chunk(number)), 1):
            y = y.to(self.device, non_blocking=True)
            sent_later = isinstance(self.model, DistributedDataParallel) and i < number
            with self.model.no_sync() if sent_later else contextlib.nullcontext():
                heads, l1 = self.forward(self.model, x)
                loss = sum(self.loss(head, y) for head in heads) + l1
                self.scaler.scale(loss / number).backward()
            measured.append(torch.stack((loss.detach(), l1.detach(), (heads.sum(0).argmax(1) == y).float().mean())))
        if self.arg.grad_clip is not None:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.arg.grad_clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.scheduler is not None:
            self.scheduler.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.net)
        return torch.stack(measured)

    def forward(self, model, data, average='score'):
        """Return the scores of each head of `model` and its l1 for the batch `data` of a loader, see `heads_and_l1`."""
        model = with_bodies(model, data, self.device)
        with self.execution.autocast():
            return heads_and_l1(model, data.to(self.device, non_blocking=True), average)

    def read(self, steps, epoch, before):
        """Return [loss, l1 loss, accuracy] of each of `steps`, means over all processes.

        Raises UserError, which names the samples, for a loss that is not finite. `before` steps of the epoch were read
        earlier.
        """
        measured = torch.stack([of_step for of_step, *_ in steps]).cpu().double().mean(1)
        means = self.processes.mean(measured.numpy())
        for number, ((_, index, *_), loss) in enumerate(zip(steps, means[:, 0]), before + 1):
            if np.isfinite(loss):
                continue
            index = index.tolist()
            gathered = self.processes.gather((bad_clip(self.feeder['train'], index),
                                              sample_names(self.feeder['train'], index))) or []
            names = ', '.join(str(name) for _, names in gathered for name in names)
            raise UserError(next((line for line, _ in gathered if line), None) or (
                f'the loss is {loss} in epoch {epoch + 1}, batch {number}, of the samples {names}: lower --base-lr or '
                'set --grad-clip; the weights saved earlier are kept'))
        return means.tolist()

    def record(self, epoch, measured, rates_and_times):
        """Write TensorBoard's scalars of an epoch's steps, and before the first ones the config and the model."""
        if not self.processes.is_main:
            return
        scalars = [({'acc': accuracy, 'loss': loss, 'loss_l1': l1, 'lr': rate, 'epoch': epoch}, when)
                   for (loss, l1, accuracy), (rate, when) in zip(measured, rates_and_times)]
        texts = ('config', yaml.safe_dump(vars(self.arg), sort_keys=False)), ('model', str(self.net))
        write_events(pathlib.Path(self.saved_name, 'train'), epoch, self.global_step, scalars,
                     texts if epoch == self.arg.start_epoch else ())

    def eval(self, epoch, part='test'):
        """Score the samples of `part`, 'test' or 'val'; log loss and accuracies, write the files of the phase.

        Returns, in process 0, which alone logs and writes, a dict of epoch, global_step, top1 and loss, the mean over
        the samples; None in the others. The loss in the log is the mean over the batches, as published.
        """
        which = {'val': ' (validation part)', 'test': ' (test part)'}[part] if 'val' in self.feeder else ''
        self.folder.log(f'Eval epoch: {epoch + 1}{which}')
        began = time.monotonic()
        batches = self.score_samples(part)
        self.check_finite(batches, self.feeder[part], epoch)
        if not self.processes.is_main:
            return None
        top1 = self.log_accuracies(epoch, part, batches, began)
        self.write_results(epoch, part, *(np.concatenate([b[i] for b in batches]) for i in (2, 3)))
        loss = np.average([b[0] for b in batches], weights=[len(b[2]) for b in batches])
        return {'epoch': epoch, 'global_step': self.global_step, 'top1': top1, 'loss': float(loss)}

    def score_samples(self, part):
        """Return the batches of `part` in order, each as (loss, l1, index (n,), scores (n, num_class)).

        Only process 0 has them all, the others return None. Each process takes whole batches in turn, so that their
        losses and scores are those of a single process.
        """
        self.evaluated.eval()
        self.processes.share_buffers(self.evaluated)  # batch norm has followed each process's own rows
        # A compiled network is for one device.
        model = self.evaluated if self.execution.compiled else over_devices(self.evaluated, self.devices)
        batches = []
        with torch.inference_mode():
            for data, label, index in self.progress(part):
                heads, l1 = self.forward(model, data.float(), average_of(self.feeder[part]))
                loss = sum(F.cross_entropy(head, label.to(self.device)) for head in heads) + l1
                batches.append((loss.item(), l1.item(), index.numpy(), heads.sum(0).cpu().numpy()))
                if self.stop.received is not None:
                    raise stop_requested(self.stop.received, (
                        'nothing was written; run it again' if self.arg.phase == 'test' else
                        '--resume continues from the beginning of this epoch'))
        gathered = self.processes.gather(batches)
        return sorted((b for of_process in gathered for b in of_process), key=lambda b: b[2][0]) if gathered else None

    def check_finite(self, batches, feeder, epoch):
        """Raise UserError, in every process, for the first sample of `batches` whose scores are not finite."""
        index = [i for b in batches or [] for i in b[2][~np.isfinite(b[3]).all(1)].tolist()]
        first = self.processes.share(index[:1])
        if first:
            which = f'the weights of epoch {epoch + 1}' if self.arg.phase == 'train' else self.arg.weights
            raise UserError(bad_clip(feeder, first) or (
                f'{which}: the scores of {sample_names(feeder, first)[0]} are not finite, though its clip is: take '
                'other weights, or train with a lower --base-lr or with --grad-clip'))

    def log_accuracies(self, epoch, part, batches, began):
        """Log loss and accuracies of `batches`; return top-1."""
        feeder = self.feeder[part]
        loss, loss_l1 = np.mean([b[:2] for b in batches], axis=0)
        index, score = (np.concatenate([b[i] for b in batches]) for i in (2, 3))
        self.folder.log(f'\tMean test loss of {len(batches)} batches: {loss}.')
        for k in self.arg.show_topk:
            self.folder.log(f'\tTop{k}: {100 * feeder.top_k(score, k):.2f}%')
        top1 = float(feeder.top_k(score, 1))
        if self.arg.phase == 'train' and part == self.evaluated_part:
            write_events(pathlib.Path(self.saved_name, 'val'), epoch, self.global_step,
                         [({'loss': loss, 'loss_l1': loss_l1, 'acc': top1}, time.time())])
        else:
            of_class = class_accuracies(score, np.asarray(feeder.label)[index])
            self.folder.log(f'\tMean class accuracy: {100 * np.mean([*of_class.values()]):.2f}%')
            self.folder.log(f'\tSpeed: {len(index) / (time.monotonic() - began):.1f} samples per second')
        return top1

    def write_results(self, epoch, part, index, score):
        """Write the scores (N, num_class) of the samples `index` (N,), and in the test phase the predictions."""
        arg, feeder = self.arg, self.feeder[part]
        if arg.save_score:
            path = self.folder.path / f'epoch{epoch + 1}_{part}_score.pkl'
            if average_of(feeder) == 'probability':
                score = F.softmax(torch.from_numpy(score), 1).numpy()
            write_scores(path, sample_names(feeder, index.tolist()), score)
            if arg.phase == 'test':
                self.folder.log(f'\tScores: {path}')
        if arg.phase == 'test' and not arg.test_feeder_args.get('debug', False):
            write_predictions(self.saved_name, index, score.argmax(1), np.asarray(feeder.label)[index])
            self.folder.log(f'\tPredictions: {self.saved_name}_right.txt, the wrong ones: {self.saved_name}_wrong.txt')

    def start(self):
        """Train or test, as the phase says."""
        arg = self.arg
        with self.folder.opened(arg.overwrite, self.log_position), self.stop:
            self.describe()
            if arg.phase == 'test':
                self.eval(0)
            else:
                self.train_epochs()
        self.model = self.net  # frees DistributedDataParallel before its process group
        self.processes.disconnect()

    def describe(self):
        """Write what describes the run: the first lines of its log, its config, the model's source."""
        arg = self.arg
        if not arg.resume:
            if arg.overwrite:
                others = [*self.files.earlier(), *pathlib.Path(self.saved_name).glob('*/events.*')]
                self.folder.overwrite(others if arg.phase == 'train' else None, arg.weights)
            parameters = sum(parameter.numel() for parameter in self.net.parameters())
            self.folder.log(f'Model: {arg.model}, {parameters:,} parameters')
        for change in self.changes:
            self.folder.log(f'Resumed with a changed setting: {change}')
        self.folder.write_config(vars(arg))
        self.folder.copy_source(inspect.getfile(type(self.net)))

    def train_epochs(self):
        """Train, save and evaluate epoch by epoch; a checkpoint is written before each and after the last."""
        arg = self.arg
        if self.epoch >= arg.num_epoch and self.processes.is_main:
            print('The run is already finished: nothing is left to train')
        if not arg.resume:
            self.save_checkpoint()
        while self.epoch < arg.num_epoch:
            epoch, last = self.epoch, recipe.is_last_epoch(arg, self.epoch)
            self.train(epoch)
            if self.processes.is_main and ((epoch + 1) % arg.save_interval == 0 or last):
                self.files.save(self.evaluated, epoch, self.global_step)
            if (epoch + 1) % arg.eval_interval == 0 or last:
                evaluation = self.eval(epoch, self.evaluated_part)
                if self.processes.is_main:
                    self.files.save_if_best(self.evaluated, evaluation)
            self.epoch = arg.num_epoch if last else epoch + 1
            self.save_checkpoint()
        best = self.processes.share(self.files.best)
        if self.evaluated_part == 'val' and best:
            self.folder.log(f'Best validation: epoch {best["epoch"] + 1}, {100 * best["top1"]:.2f}%; its test:')
            load_into(self.evaluated, self.saved_name + '-best.pt')
            self.eval(best['epoch'])  # the only look at the test part

    def stateful(self):
        """Return name → what a checkpoint holds the state of."""
        every = {'model': self.net, 'averaged': self.averaged, 'optimizer': self.optimizer, 'scaler': self.scaler,
                 'scheduler': self.scheduler, 'files': self.files}
        return {name: one for name, one in every.items() if one is not None}

    def save_checkpoint(self):
        """Write all that a run needs to continue from here."""
        generators = self.processes.gather(checkpoint.random_states(self.device))
        if self.processes.is_main:
            states = {name: one.state_dict() for name, one in self.stateful().items()}
            weights.save_tensors({
                **states, 'arguments': vars(self.arg), 'num_train': len(self.feeder['train']), 'data': self.data,
                'epoch': self.epoch, 'global_step': self.global_step, 'random': generators,
                'log': self.folder.position()}, self.folder.path / CHECKPOINT)

    def load_checkpoint(self):
        """Restore the state of the checkpoint; return the log's position at that time, and the changed settings."""
        num_train = len(self.feeder.get('train', ()))
        state, changes = checkpoint.load_checkpoint(self.folder.path / CHECKPOINT, vars(self.arg), num_train, self.data)
        for name, one in self.stateful().items():
            one.load_state_dict(state[name])
        self.epoch, self.global_step = state['epoch'], state['global_step']
        if len(state['random']) == self.processes.world_size:
            checkpoint.restore_random_states(state['random'][self.processes.rank], self.device)
        return state['log'], changes

    def progress(self, part):
        """Return the loader of `part` with a progress bar, where there is a terminal to show it on."""
        return tqdm(self.loader[part], unit='batch', leave=False, disable=None if self.processes.is_main else True)


def main():
    """Run what the command line and its config say."""
    arg = get_parser().parse_with_config()
    keep_freed_memory()
    try:
        Processor(arg).start()
    except torch.OutOfMemoryError:
        raise UserError('out of GPU memory: lower --batch-size or raise --accumulate; for evaluations, lower '
                        '--test-batch-size') from None


if __name__ == '__main__':
    run_command(main)
