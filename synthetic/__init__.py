"""Procedural people: demo scenes with ground truth, and re-identification crops, without any download.

`synthetic.appearance` samples who, `synthetic.figure` draws one person, `synthetic.scene` a clip with ground truth,
`synthetic.crops` a crop as a detector would cut it, and `synthetic.plaza` makes the demo clip.
"""
