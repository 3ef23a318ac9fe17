#include "runtime/base/Digest.h"

#include "runtime/base/DigestLanes.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <string_view>

namespace tenon {
namespace {

std::span<const uint8_t> bytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

std::vector<uint8_t> pattern(size_t size) {
  std::vector<uint8_t> bytes(size);
  uint32_t state = 1;
  for (uint8_t &byte : bytes)
    byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

// `printf abc | b2sum -l 256` and the like.
TEST(Digest, IsBlake2bOf256Bits) {
  EXPECT_EQ(toHex(digestOf(bytesOf("abc"))), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  EXPECT_EQ(toHex(digestOf({})), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

TEST(Digest, TreeIsTheDigestOfTheChunkDigests) {
  std::vector<uint8_t> bytes = pattern(2 * kDigestChunkBytes + 17);
  std::vector<Digest> chunks;
  for (uint64_t i = 0; i < 3; ++i) {
    std::span<const uint8_t> chunk = digestChunk(bytes, i);
    EXPECT_EQ(chunk.size(), i < 2 ? kDigestChunkBytes : 17u);
    chunks.push_back(digestOf(chunk));
  }
  EXPECT_EQ(chunkCount(bytes.size()), 3u);
  EXPECT_EQ(treeDigest(bytes), digestOf({chunks.front().data(), 3 * sizeof(Digest)}));
}

TEST(Digest, EmptySegmentHasTheDigestOfNothing) {
  EXPECT_EQ(chunkCount(0), 0u);
  EXPECT_EQ(treeDigest({}), digestOf({}));
}

// Every number of whole chunks and a last one, with zeros among them: whatever is hashed together, alone or not at all.
TEST(Digest, ChunksHashedTogetherAreAsEachAlone) {
  std::vector<uint8_t> all = pattern(19 * kDigestChunkBytes + 1000);
  std::fill_n(all.begin() + 2 * kDigestChunkBytes, kDigestChunkBytes, uint8_t(0));
  std::fill_n(all.begin() + 5 * kDigestChunkBytes, kDigestChunkBytes, uint8_t(0));
  all[6 * kDigestChunkBytes - 1] = 1; // all zeros but the last byte
  std::vector<Digest> alone(chunkCount(all.size()));
  for (uint64_t i = 0; i < alone.size(); ++i)
    alone[i] = digestOf(digestChunk(all, i));
  for (uint64_t count = 0; count <= alone.size(); ++count) {
    std::vector<Digest> together(count);
    chunkDigests(std::span(all).first(std::min<uint64_t>(count * kDigestChunkBytes, all.size())), together);
    EXPECT_TRUE(std::equal(together.begin(), together.end(), alone.begin())) << count << " chunks";
  }
  const std::vector<uint8_t> fewer(kDigestChunkBytes - 1);
  Digest digest;
  chunkDigests(fewer, {&digest, 1});
  EXPECT_EQ(digest, digestOf(fewer));
}

// Each lane is BLAKE2b of its own message, for one block and for many, whatever the others hold.
TEST(Digest, EveryLaneIsBlake2b) {
  if (laneHashes().empty())
    GTEST_SKIP() << "this machine has no vectors that hash several messages at once";
  for (const LaneHash &lanes : laneHashes())
    for (size_t bytes : {128, 256, 128 * 37}) {
      const std::vector<uint8_t> text = pattern(bytes + lanes.lanes);
      std::vector<const uint8_t *> messages;
      for (size_t i = 0; i < lanes.lanes; ++i)
        messages.push_back(text.data() + i); // not aligned either
      std::vector<Digest> digests(lanes.lanes);
      lanes.hash(messages.data(), bytes, digests.data());
      for (size_t i = 0; i < lanes.lanes; ++i)
        EXPECT_EQ(digests[i], digestOf({messages[i], bytes})) << lanes.name << " lane " << i << " of " << bytes;
    }
}

TEST(Digest, TreeHasherTakesPiecesOfAnySize) {
  std::vector<uint8_t> bytes = pattern(3 * kDigestChunkBytes + 5);
  for (size_t piece : {size_t{1000003}, size_t{kDigestChunkBytes}, size_t{kDigestChunkBytes + 1}, bytes.size()}) {
    TreeHasher hasher;
    for (size_t at = 0; at < bytes.size(); at += piece)
      hasher.update(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    EXPECT_EQ(hasher.finish(), treeDigest(bytes)) << "pieces of " << piece;
  }
  EXPECT_EQ(TreeHasher().finish(), treeDigest({}));
}

} // namespace
} // namespace tenon
