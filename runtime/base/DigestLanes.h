// BLAKE2b-256 of several messages of one length at once, one in each 64-bit lane of a vector: several times as fast as
// one after another, because a lone message leaves most of a vector unit idle. Source: RFC 7693.
#pragma once

#include "runtime/base/Digest.h"

namespace tenon {

struct LaneHash {
  const char *name;
  size_t lanes;
  // digests[i] of the `bytes` bytes at messages[i], for i < lanes. `bytes` is a multiple of 128 and not 0. The same
  // pointer may stand in several lanes. Threads: pure.
  void (*hash)(const uint8_t *const *messages, size_t bytes, Digest *digests);
};

// Those that this machine can run, widest first; none is usual on machines other than x86-64.
std::span<const LaneHash> laneHashes();

} // namespace tenon
