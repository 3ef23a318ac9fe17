// Digests of model files, remembered so that a second compilation need not read gigabytes to know what they hold.
//
// A digest is remembered for a file's path, device, inode, size and times together; whatever changes the bytes changes
// one of these. Except within the clock's grain: a file whose times are less than two seconds old, or in the future,
// is hashed again each time (as git does with its index).
#pragma once

#include "compiler/cache/Store.h"

namespace tenon::cache {

// The digest of the whole file (sourceFileDigest); from memory where the file has not changed, else computed with the
// store's threads and remembered. `store` may be null: nothing is remembered then. Errors: InvalidFile, Resource;
// InvalidFile, too, when the file changes while it is read.
Result<Digest> sourceDigest(Store *store, const io::MappedFile &file, unsigned threads);

// Forgets the files that have changed or gone; returns how many.
uint64_t collectSources(Store &store);

} // namespace tenon::cache
