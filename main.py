#!/usr/bin/env python3
"""Train or test one stream of 2s-AGCN, as a YAML config says: `python main.py --config FILE [flags]`."""
import inspect
import pathlib
import random
import signal
import time

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

from feeders.batches import BatchOrder, SeededItems, make_loader
from feeders.fingerprint import fingerprints
from feeders.interface import average_of, check_clips, check_feeder, sample_names
from feeders.labels import top_k
from feeders.validation import split_validation
from model import recipe
from model.empty_bodies import with_bodies
from model.from_config import build_network, load_into, model_arguments
from model.outputs import heads_and_l1
from prediction.scores import class_accuracies, write_scores
from runtime.arguments import get_parser
from runtime.checkpoint import load_checkpoint, random_states, restore_random_states
from runtime.device import choose_devices, choose_execution, compile_training, keep_freed_memory
from runtime.dotted import build
from runtime.errors import StopSignals, UserError, run_command, stop_requested
from runtime.processes import Processes, over_devices
from runtime.run_folder import CHECKPOINT, RunFolder
from runtime.weights import WeightFiles, find_weights, save_tensors, step_in_name

AFTER_A_STOP = 'run it again; a training continues from the beginning of this epoch with --resume'


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
        saved_name = arg.model_saved_name or str(pathlib.Path(arg.work_dir, 'weights'))
        self.folder = RunFolder(arg.work_dir, saved_name, self.processes.is_main, arg.print_log)
        self.folder.check_free(arg.phase, arg.resume, arg.overwrite)
        self.files = WeightFiles(saved_name, arg.keep)
        self.folder.log(device_line)
        init_seed(arg.seed)
        self.load_data()
        self.load_model()
        self.epoch, self.global_step = arg.start_epoch, step_in_name(arg.weights or '')
        if arg.phase == 'train':
            self.load_optimizer()
            self.global_step = self.global_step or arg.start_epoch * len(self.loader['train'])
        if arg.resume:
            self.load_checkpoint()

    def load_data(self):
        """Build the feeders that the phase needs, and their loaders.

        The parts are 'train' and 'test', and 'val' if some of the training data is held out for validation.
        """
        arg = self.arg
        self.feeder, self.loader, self.fingerprints = {}, {}, {}
        for part in ('train', 'test') if arg.phase == 'train' else ('test',):
            key = f'{part}_feeder_args'
            feeder_args = getattr(arg, key)
            feeder = self.feeder[part] = build(arg.feeder, feeder_args, key)
            self.fingerprints[part] = fingerprints(feeder_args)
            if arg.model:
                item = SeededItems(feeder, arg.seed)[0, 0]
                check_feeder(feeder, item, key, feeder_args, model_arguments(arg))
        if arg.phase == 'train' and (arg.val_persons or arg.val_share):
            self.feeder['train'], self.feeder['val'], line = split_validation(arg, self.feeder['train'])
            self.folder.log(line)
        self.evaluated_part = 'val' if 'val' in self.feeder else 'test'
        for part, feeder in self.feeder.items():
            training = part == 'train'
            batch_size = arg.batch_size if training else arg.test_batch_size
            order = BatchOrder(len(feeder), batch_size, arg.seed, training,
                               self.processes.rank, self.processes.world_size)
            if training:
                order.check_batches(arg.accumulate)
            self.loader[part] = make_loader(feeder, order, arg.num_worker, self.device)

    def load_model(self):
        """Build the model, on its device, with the weights that were asked for."""
        arg = self.arg
        self.net = build_network(arg)
        if arg.phase == 'test' and not arg.weights:
            raise UserError('a test needs weights: give --weights FILE')
        parameters = sum(parameter.numel() for parameter in self.net.parameters())
        self.folder.log(f'Model: {arg.model}, {parameters:,} parameters')
        if arg.weights and not arg.resume:
            path = find_weights(arg.weights)
            ignored, missing = load_into(self.net, path, arg.ignore_weights)
            self.folder.log(f'Weights: {path}')
            for what, names in (('Ignored', ignored), ('Missing in the file, at their initial values', missing)):
                if names:
                    self.folder.log(f'\t{what}: {", ".join(names)}')
        self.net.to(self.device)
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

    def load_optimizer(self):
        self.optimizer = recipe.make_optimizer(self.arg, self.net.parameters())
        self.scheduler = recipe.make_scheduler(self.arg, self.optimizer, len(self.loader['train']))
        self.scaler = self.execution.gradient_scaler()
        self.loss = recipe.make_loss(self.arg, self.feeder['train'].label).to(self.device)

    def train(self, epoch):
        """Train on the samples of `epoch`; log and record the losses."""
        arg, number, unread, scalars = self.arg, len(self.loader['train']), [], []
        self.folder.log(f'Training epoch: {epoch + 1}')
        self.model.train()
        if arg.only_train_part and recipe.freeze_graphs(self.net, frozen=epoch <= arg.only_train_epoch):
            self.model = self.processes.divide(self.net, self.devices)  # it decides which gradients are sent
        if self.scheduler is None:
            for group in self.optimizer.param_groups:
                group['lr'] = recipe.learning_rate(arg, epoch)
        self.loader['train'].batch_sampler.set_epoch(epoch)
        seconds, clock = {'Data': 0.0, 'Network': 0.0}, time.monotonic()
        for batch, (data, label, index) in enumerate(self.progress('train'), 1):
            loaded = time.monotonic()
            rate = self.optimizer.param_groups[0]['lr']
            unread.append((self.step(data.float(), label), rate, index))
            if batch % arg.log_interval == 0 or batch == number:
                scalars += self.read(unread, epoch)
                unread = []
            if batch % arg.log_interval == 0:
                self.folder.log(f'\tBatch {batch} of {number}: loss {scalars[-1]["loss"]:.4f}, lr {rate:.6f}')
            seconds['Data'] += loaded - clock
            clock = time.monotonic()
            seconds['Network'] += clock - loaded
            if self.processes.any(self.stop.received is not None):
                # The signal may have reached another process only; a cluster sends SIGTERM.
                raise stop_requested(self.stop.received or signal.SIGTERM, AFTER_A_STOP)
        self.folder.write_events('train', epoch, self.global_step, scalars)
        self.global_step += number
        self.folder.log(f'\tMean training loss: {np.mean([of_step["loss"] for of_step in scalars]):.4f}.')
        times = (f'[{name}]{int(100 * of_it / sum(seconds.values())):02d}%' for name, of_it in seconds.items())
        self.folder.log(f'\tTime consumption: {", ".join(times)}')

    def step(self, data, label):
        """Take one optimizer step on data (N, C, T, V, M); return (loss, l1 loss, accuracy) of its micro-batches.

        They are a tensor (micro-batches, 3) on the device: reading it would make the CPU wait in every step.
        """
        number, measured = self.arg.accumulate, []
        self.optimizer.zero_grad()
        for x, y in zip(data.chunk(number), label.chunk(number)):
            y = y.to(self.device, non_blocking=True)
            heads, l1 = self.forward(self.model, x)
            loss = sum(self.loss(head, y) for head in heads) + l1
            self.scaler.scale(loss / number).backward()
            accuracy = (heads.sum(0).argmax(1) == y).float().mean()
            measured.append(torch.stack((loss.detach(), l1.detach(), accuracy)))
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

    def read(self, unread, epoch):
        """Return the scalars of each step of `unread`, (what `step` returned, rate, index): means over all processes.

        Raises UserError, which names the samples, for a loss that is not finite.
        """
        measured = torch.stack([of_step for of_step, *_ in unread]).cpu().double().mean(1)
        scalars = []
        for (_, rate, index), (loss, l1, accuracy) in zip(unread, self.processes.mean(measured.numpy()).tolist()):
            if not np.isfinite(loss):
                index = sum(self.processes.gather(index.tolist()) or [], [])
                check_clips(self.feeder['train'], index)
                raise UserError(f'the loss is {loss} in epoch {epoch + 1}, of the samples '
                                f'{", ".join(sample_names(self.feeder["train"], index))}: lower --base-lr or set '
                                '--grad-clip; the weights saved earlier are kept')
            scalars.append({'acc': accuracy, 'loss': loss, 'loss_l1': l1, 'lr': rate, 'epoch': epoch})
        return scalars

    def eval(self, epoch, part='test'):
        """Score the samples of `part`, 'test' or 'val'; log loss and accuracies, write the files of the phase.

        Returns, in process 0, which alone logs and writes, a dict of epoch, global_step, top1 and loss, the mean over
        the samples; None in the others. The loss in the log is the mean over the batches, as published.
        """
        arg, feeder = self.arg, self.feeder[part]
        which = {'val': ' (validation part)', 'test': ' (test part)'}[part] if 'val' in self.feeder else ''
        self.folder.log(f'Eval epoch: {epoch + 1}{which}')
        batches = self.score_samples(part)
        self.check_finite(batches, feeder, epoch)
        if not self.processes.is_main:
            return None
        losses, l1s, indices, scores = zip(*batches)
        loss, index, score = np.mean(losses), np.concatenate(indices), np.concatenate(scores)
        label = np.asarray(feeder.label)[index]
        self.folder.log(f'\tMean test loss of {len(batches)} batches: {loss}.')
        for k in arg.show_topk:
            self.folder.log(f'\tTop{k}: {100 * top_k(score, label, k):.2f}%')
        if arg.phase == 'train' and part == self.evaluated_part:
            self.folder.write_events('val', epoch, self.global_step,
                                     [{'loss': loss, 'loss_l1': np.mean(l1s), 'acc': top_k(score, label, 1)}])
        else:
            of_class = class_accuracies(score, label)
            self.folder.log(f'\tMean class accuracy: {100 * np.mean([*of_class.values()]):.2f}%')
        self.write_results(epoch, part, index, score, label)
        return {'epoch': epoch, 'global_step': self.global_step, 'top1': top_k(score, label, 1),
                'loss': float(np.average(losses, weights=[len(index) for index in indices]))}

    def score_samples(self, part):
        """Return the batches of `part` in order, each as (loss, l1, index (n,), scores (n, num_class)).

        Only process 0 has them all, the others return None. Each process takes whole batches in turn, so that their
        losses and scores are those of a single process.
        """
        self.evaluated.eval()
        self.processes.broadcast_buffers(self.evaluated)  # batch norm has followed each process's own rows
        # A compiled network is for one device.
        model = self.evaluated if self.execution.compiled else over_devices(self.evaluated, self.devices)
        batches = []
        with torch.inference_mode():
            for data, label, index in self.progress(part):
                heads, l1 = self.forward(model, data.float(), average_of(self.feeder[part]))
                loss = sum(F.cross_entropy(head, label.to(self.device)) for head in heads) + l1
                batches.append((loss.item(), l1.item(), index.numpy(), heads.sum(0).cpu().numpy()))
                if self.stop.received is not None:
                    raise stop_requested(self.stop.received, AFTER_A_STOP)
        gathered = self.processes.gather(batches)
        return gathered and sorted(sum(gathered, []), key=lambda batch: batch[2][0])

    def check_finite(self, batches, feeder, epoch):
        """Raise UserError, in every process, for the first sample of `batches` whose scores are not finite."""
        bad = [i for *_, index, score in batches or [] for i in index[~np.isfinite(score).all(1)].tolist()]
        first = self.processes.broadcast(bad[:1])
        if first:
            check_clips(feeder, first)
            which = f'the weights of epoch {epoch + 1}' if self.arg.phase == 'train' else self.arg.weights
            raise UserError(f'{which}: the scores of {sample_names(feeder, first)[0]} are not finite, though its clip '
                            'is: take other weights, or train with a lower --base-lr or with --grad-clip')

    def write_results(self, epoch, part, index, score, label):
        """Write the scores (N, num_class) of the samples `index` (N,), and in the test phase the predictions."""
        arg, feeder = self.arg, self.feeder[part]
        if arg.save_score:
            path = self.folder.path / f'epoch{epoch + 1}_{part}_score.pkl'
            if average_of(feeder) == 'probability':
                score = F.softmax(torch.from_numpy(score), 1).numpy()
            write_scores(path, sample_names(feeder, index.tolist()), score)
        if arg.phase == 'test' and not arg.test_feeder_args.get('debug', False):
            self.folder.write_predictions(index, score.argmax(1), label)

    def start(self):
        """Train or test, as the phase says."""
        arg = self.arg
        with self.folder.opened(arg.overwrite), self.stop:
            if arg.phase == 'train' and arg.overwrite and not arg.resume:
                self.folder.remove_earlier(arg.phase, arg.weights)
            self.folder.describe(vars(arg), inspect.getfile(type(self.net)))
            if arg.phase == 'test':
                self.eval(0)
            else:
                self.train_epochs()
        self.model = self.net  # frees DistributedDataParallel before its process group
        self.processes.disconnect()

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
        best = self.processes.broadcast(self.files.best)
        if self.evaluated_part == 'val' and best:
            self.folder.log(f'Best validation: epoch {best["epoch"] + 1}, {100 * best["top1"]:.2f}%; its test:')
            load_into(self.evaluated, self.files.saved_name + '-best.pt')
            self.eval(best['epoch'])  # the only look at the test part

    def stateful(self):
        """Return name → what a checkpoint holds the state of."""
        every = {'model': self.net, 'averaged': self.averaged, 'optimizer': self.optimizer, 'scaler': self.scaler,
                 'scheduler': self.scheduler, 'files': self.files}
        return {name: one for name, one in every.items() if one is not None}

    def save_checkpoint(self):
        """Write all that a run needs to continue from here."""
        generators = self.processes.gather(random_states(self.device))
        if self.processes.is_main:
            states = {name: one.state_dict() for name, one in self.stateful().items()}
            states |= {'arguments': vars(self.arg), 'data': self.fingerprints, 'epoch': self.epoch,
                       'global_step': self.global_step, 'random': generators, 'log': self.folder.position()}
            save_tensors(states, self.folder.path / CHECKPOINT)

    def load_checkpoint(self):
        """Restore the state of the checkpoint, and log which settings differ from those that it was written with."""
        path = self.folder.path / CHECKPOINT
        state, changes = load_checkpoint(path, vars(self.arg), self.fingerprints)
        for name, one in self.stateful().items():
            one.load_state_dict(state[name])
        self.epoch, self.global_step = state['epoch'], state['global_step']
        if len(state['random']) == self.processes.world_size:
            restore_random_states(state['random'][self.processes.rank], self.device)
        self.folder.resume_log_at(state['log'])
        for change in changes:
            self.folder.log(f'Resumed with a changed setting: {change}')

    def progress(self, part):
        """Return the loader of `part` with a progress bar, where there is a terminal to show it on."""
        return tqdm(self.loader[part], unit='batch', leave=False, disable=None if self.processes.is_main else True)


def init_seed(seed):
    random.seed(seed)
    np.random.seed(seed % 2 ** 32)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def main():
    """Run what the command line and its config say."""
    arg = get_parser().parse_with_config()
    keep_freed_memory()
    Processor(arg).start()


if __name__ == '__main__':
    run_command(main)
