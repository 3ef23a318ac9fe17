#include "runtime/base/Digest.h"

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

TEST(Digest, ChunksOfZerosAreHashedLikeAnyOther) {
  std::vector<uint8_t> zeros(kDigestChunkBytes);
  EXPECT_EQ(chunkDigest(zeros), digestOf(zeros));
  std::vector<uint8_t> fewer(kDigestChunkBytes - 1);
  EXPECT_EQ(chunkDigest(fewer), digestOf(fewer));
  zeros.back() = 1;
  EXPECT_EQ(chunkDigest(zeros), digestOf(zeros));
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
