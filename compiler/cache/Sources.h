// Digests of model files, remembered so that a second compilation need not read gigabytes to know what they hold.
//
// A digest is remembered for a file's path, device, inode, size and times together; whatever changes the bytes changes
// one of these. Except within the clock's grain: a file whose times are less than two seconds old, or in the future,
// is hashed again each time (as git does with its index).
#pragma once

#include "compiler/cache/Store.h"

namespace tenon::cache {

// What a file held when it was looked at.
struct SourceState {
  Digest digest = {};   // sourceFileDigest
  std::string identity; // path, device, inode, size, times
  bool settled = false; // the times are old enough to tell of any later change
};

// The file's digest, from memory where the file has not changed, else computed and remembered. `store` may be null:
// nothing is remembered then. Errors: InvalidFile, Resource; InvalidFile, too, when the file changes while it is read.
Result<SourceState> readSource(Store *store, const io::MappedFile &file, unsigned threads);

// Whether the file still holds what it held then: by its identity, and for files that were not settled by their bytes.
// What was made of a file in the meantime may be stored under its digest only if so.
bool isUnchanged(const SourceState &state, const io::MappedFile &file, unsigned threads);

// Forgets the files that have changed or gone; returns how many.
uint64_t collectSources(Store &store);

} // namespace tenon::cache
