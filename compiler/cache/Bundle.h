// Entries of a cache as one file, to be shipped: zstd over
//
//   "tenon cache bundle 1\n", then for each entry: u32 bytes of its manifest, the manifest, its parts in the manifest's
//   order; a manifest of 0 bytes ends it. Little-endian.
//
// A reader trusts nothing: manifests must be whole and make their keys, sizes are bounded, and a part is stored only
// when its digests are right. Who made the bundle is not known: engines are native code, so import from those whose
// code you would run.
#pragma once

#include "compiler/cache/Store.h"

namespace tenon::cache {

struct Shipped {
  uint64_t entries = 0, bytes = 0; // bytes of parts, before compression
};

// Writes the entries to `path`, whole or not at all. Errors: InvalidFile for a key that is not there or damaged,
// Resource.
Result<Shipped> exportBundle(Store &store, const std::vector<Key> &keys, const std::string &path);

// Adds the entries of a bundle. Entries before the first fault stay. Errors: InvalidFile (no bundle, cut off,
// contradictory), Integrity (a digest differs), Constraint (all of it together is beyond the cache's bound), Resource.
Result<Shipped> importBundle(Store &store, const std::string &path);

} // namespace tenon::cache
