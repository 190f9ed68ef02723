UPDATE images SET has_tiles = FALSE WHERE has_tiles;
