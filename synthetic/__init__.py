"""Procedural people: demo scenes with ground truth, and re-identification crops, without any download.

`synthetic.appearance` samples who, `synthetic.figure` draws one person (`synthetic.raster` its pixels),
`synthetic.scene` a clip with ground truth, and `synthetic.plaza` makes the demo clip. For re-identification
`synthetic.wardrobe` samples people as a street has them, `synthetic.sites` the cameras, `synthetic.obstacles` what
stands before people, `synthetic.crops` draws crops as a detector would cut them, `synthetic.identity_crops` those of
one person, and `synthetic.identities` writes a folder of them.
"""
