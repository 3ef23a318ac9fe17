// Digests of files, on several threads and in bounded memory.
#pragma once

#include "compiler/cache/Manifest.h"
#include "runtime/base/Digest.h"
#include "runtime/io/MappedFile.h"

namespace tenon::cache {

// The tree digest (runtime/base/Digest.h) of [from, size()). `from` lies within the file. Reads by copies, so that a
// file that shrinks meanwhile is an error: InvalidFile; Resource when a read fails.
Result<Digest> fileDigest(const io::MappedFile &file, uint64_t from, unsigned threads);

// A digest of the whole file that only the cache's keys know: BLAKE3 of the BLAKE3s of its pieces, which is faster than
// the tree digest. Errors as above.
Result<Digest> sourceFileDigest(const io::MappedFile &file, unsigned threads);

// The stamp of the file that is open, and its size; false when the system cannot say.
bool stampOf(int descriptor, Stamp &stamp, uint64_t &bytes);

} // namespace tenon::cache
