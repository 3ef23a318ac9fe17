// A part that comes from elsewhere, in pieces, into the cache's folder: its bytes are those that a manifest promised,
// or it becomes none.
#pragma once

#include "compiler/cache/Store.h"

namespace tenon::cache {

// Hashes and writes as the bytes come, in bounded memory; zeros stay holes. Ownership: move-only; what was written goes
// away unless the part is published. Threads: one.
class ArrivingPart {
public:
  // Hold the key's lock. Errors: InvalidFile for a prefix of more than 1 MiB, Resource.
  static Result<ArrivingPart> create(Store &store, const Key &key, const Part &promised);

  // The next bytes. Integrity when they are more than was promised, Resource.
  Status write(std::span<const uint8_t> bytes);

  // Integrity when bytes lack or a digest differs.
  Result<NewPart> finish();

private:
  ArrivingPart(io::OutputFile file, const Part &promised, std::string what);
  Status flush();

  io::OutputFile file_;
  Part promised_;
  std::string what_;
  std::vector<uint8_t> pending_, prefix_;
  uint64_t written_ = 0;
  TreeHasher rest_;
};

} // namespace tenon::cache
