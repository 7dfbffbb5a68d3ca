"""The library: spec -> model -> wire -> cases -> transport -> verdict -> record; a stage looks only to its left."""
