// Digests of engine contents: BLAKE2b-256, no key (libsodium).
//
// Two shapes. `digestOf` hashes a small blob in one go: the metadata. `treeDigest` hashes a segment: the digest of the
// concatenated digests of its chunks of 1 MiB (the last one may be shorter), so that workers can hash chunks in any
// order: fill an array by `chunkDigests`, then `combineChunks` it. `TreeHasher` is the same for bytes that arrive in
// pieces. Chunks of zeros are recognised and not hashed again; the result is the same.
//
// A digest finds damage. It does not say who made the file.
// Threads: the functions are pure and may be called from any thread. A TreeHasher belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tenon {

using Digest = std::array<uint8_t, 32>;

inline constexpr uint64_t kDigestChunkBytes = 1ull << 20;

Digest digestOf(std::span<const uint8_t> bytes);

// Number of chunks of a segment; 0 for an empty one.
inline uint64_t chunkCount(uint64_t bytes) { return bytes / kDigestChunkBytes + (bytes % kDigestChunkBytes != 0); }

// The i-th chunk, i < chunkCount(bytes.size()).
std::span<const uint8_t> digestChunk(std::span<const uint8_t> bytes, uint64_t i);

// How many chunks are best given to chunkDigests at once: it hashes them together.
inline constexpr uint64_t kDigestGroup = 8;

// Digests of all chunks of `bytes`, which is a segment or a part of one that starts with a chunk: digests[i] of
// digestChunk(bytes, i).
void chunkDigests(std::span<const uint8_t> bytes, std::span<Digest> digests);

// The tree's root from the chunk digests, in order.
Digest combineChunks(std::span<const Digest> chunks);

// The whole tree on the calling thread.
Digest treeDigest(std::span<const uint8_t> bytes);

// 64 lower-case hexadecimal digits.
std::string toHex(const Digest &digest);

// treeDigest of bytes that arrive in order, in pieces of any size; fastest in pieces of whole groups. Holds one chunk.
class TreeHasher {
public:
  void update(std::span<const uint8_t> bytes);
  // The digest of everything so far; call it once.
  Digest finish();

private:
  std::vector<uint8_t> partial_; // fewer bytes than a chunk
  std::vector<Digest> chunks_;
};

} // namespace tenon
