"""What predict.py prints: tables and timelines for people, JSON for programs."""
from prediction.ranking import best
from prediction.windows import timeline

JSON_VERSION = 1


def as_text(prediction, names, k):
    """Return the lines of a Prediction: its timeline if it has windows, else the k likeliest classes."""
    if prediction.windows is None:
        rows = [f'  {rank:2d}  {as_cell(row)}' for rank, row in enumerate(best(prediction.scores, names, k), 1)]
    else:
        rows = [f'  {row["from"]:6d} {row["to"]:6d}  {as_cell(row)}' for row in segments(prediction, names)]
    return '\n'.join([prediction.source, *rows])


def as_cell(row):
    """Return name and probability of a row; `nobody` if it has no class."""
    return 'nobody' if row is None or row['name'] is None else f'{row["name"]:30}  {row["probability"]:7.2%}'


def segments(prediction, names):
    """Return the timeline of a Prediction as dicts: from, to, label, name, probability; the last three may be None."""
    return [{'from': first, 'to': end, 'label': label, 'name': None if label is None else names[label],
             'probability': probability} for first, end, label, probability in timeline(prediction.windows)]


def as_json(model, names, predictions, k):
    """Return what --json prints; docs/prediction.md describes it."""
    return {
        'version': JSON_VERSION,
        'streams': model.files,
        'num_class': len(names),
        'predictions': [{'file': str(p.file), 'clip': p.clip, 'frames': p.frames, 'used': p.used,
                         **classes(p, names, k)} for p in predictions if p.error is None],
        'errors': [{'file': str(p.file), 'clip': None, 'error': str(p.error)} for p in predictions if p.error]}


def classes(prediction, names, k):
    """Return the k likeliest classes of a Prediction, or its timeline and those of every window."""
    if prediction.windows is None:
        return {'top': best(prediction.scores, names, k)}
    windows = [{'from': first, 'to': end, 'top': [] if scores is None else best(scores, names, k)}
               for first, end, scores in prediction.windows]
    return {'timeline': segments(prediction, names), 'windows': windows}


def live_line(result):
    """Return the line for a result of LivePredictor: time (or frames so far), class, probability, the same smoothed."""
    time = result['to'] if result['time'] is None else result['time']
    newest = result['top'][0] if result['top'] else None
    return f'{time!s:>10}  {as_cell(newest):39}  {as_cell(result["smoothed"])}'
