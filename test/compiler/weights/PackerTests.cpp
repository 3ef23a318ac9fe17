// The packer against the layout's definition, element by element, for awkward shapes; the digest against the file's
// bytes.
#include "compiler/weights/Packer.h"
#include "runtime/base/Digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <fstream>

using namespace tenon;
using namespace tenon::weights;

namespace {

// Values that name their position, exact in every element type.
std::unique_ptr<RowSource> positions(uint64_t rows, uint64_t columns) {
  return generatedRows(rows, columns, [columns](uint64_t first, uint64_t count, float *out) {
    for (uint64_t i = 0; i < count * columns; ++i)
      out[i] = static_cast<float>((first * columns + i) % 199);
  });
}

std::vector<uint8_t> contents(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Packed {
  std::vector<uint8_t> bytes;
  Digest digest;
};

Packed packAll(std::vector<PackJob> jobs, uint64_t bytes, unsigned workers) {
  const std::string path = testing::TempDir() + "packed.bin";
  auto file = io::OutputFile::create(path, 0);
  EXPECT_TRUE(file.isOk());
  EXPECT_TRUE(file->resize(bytes).isOk());
  PackOptions options;
  options.workers = workers;
  auto packed = packSegment(jobs, bytes, *file, 0, options);
  EXPECT_TRUE(packed.isOk()) << packed.status().message();
  EXPECT_TRUE(file->commit().isOk());
  return {contents(path), packed->digest};
}

PackJob makeJob(uint64_t rows, uint64_t columns, Element stored, Layout layout, uint64_t offset) {
  PackJob job{"w", positions(rows, columns), stored, layout, offset, 0};
  EXPECT_TRUE(packedBytes(rows, columns, stored, layout, job.bytes));
  return job;
}

float element(const std::vector<uint8_t> &bytes, uint64_t at, Element type) {
  float value;
  convertElements(type, bytes.data() + at, Element::F32, &value, 1);
  return value;
}

} // namespace

struct Case {
  uint64_t rows, columns;
  Element stored;
  Layout layout;
};

class PackLayout : public testing::TestWithParam<Case> {};

TEST_P(PackLayout, MatchesTheDefinition) {
  const Case &c = GetParam();
  std::vector<PackJob> jobs;
  jobs.push_back(makeJob(c.rows, c.columns, c.stored, c.layout, 64));
  const uint64_t total = 64 + jobs[0].bytes;
  const Packed packed = packAll(std::move(jobs), total, 2);
  ASSERT_EQ(packed.bytes.size(), total);
  const uint64_t n = c.layout.rowMajor ? 1 : c.layout.n, k = c.layout.rowMajor ? 1 : c.layout.k;
  const uint64_t panels = (c.rows + n - 1) / n, groups = (c.columns + k - 1) / k;
  for (uint64_t p = 0; p < panels; ++p)
    for (uint64_t g = 0; g < groups; ++g)
      for (uint64_t r = 0; r < n; ++r)
        for (uint64_t i = 0; i < k; ++i) {
          const uint64_t row = p * n + r, column = g * k + i;
          const float expected = row < c.rows && column < c.columns ? float((row * c.columns + column) % 199) : 0.0f;
          const uint64_t at = 64 + (((p * groups + g) * n + r) * k + i) * elementBytes(c.stored);
          ASSERT_EQ(element(packed.bytes, at, c.stored), expected) << "row " << row << " column " << column;
        }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, PackLayout,
    testing::Values(Case{1, 1, Element::BF16, {false, 16, 2}}, Case{16, 32, Element::BF16, {false, 16, 2}},
                    Case{17, 33, Element::BF16, {false, 16, 2}}, Case{40, 7, Element::F32, {false, 16, 1}},
                    Case{33, 64, Element::F16, {false, 16, 1}}, Case{5, 9, Element::F32, {true, 1, 1}},
                    Case{3000, 2048, Element::BF16, {false, 16, 2}}, // panels straddle blocks
                    Case{1, 3000000, Element::F32, {true, 1, 1}}));  // one row larger than a block

TEST(Packer, BytesAndDigestDoNotDependOnWorkers) {
  auto jobs = [] {
    std::vector<PackJob> all;
    uint64_t offset = 0;
    for (uint64_t rows : {100, 3000, 1, 517}) {
      all.push_back(makeJob(rows, 1030, Element::BF16, {false, 16, 2}, offset));
      offset += (all.back().bytes + 4095) / 4096 * 4096;
    }
    return all;
  };
  const uint64_t total = jobs().back().offset + jobs().back().bytes;
  const Packed one = packAll(jobs(), total, 1), three = packAll(jobs(), total, 3);
  EXPECT_EQ(one.bytes, three.bytes);
  EXPECT_EQ(one.digest, three.digest);
  EXPECT_EQ(one.digest, treeDigest(one.bytes));
}

TEST(Packer, ZeroSourcesLeaveHolesWithTheSameDigest) {
  std::vector<PackJob> jobs;
  jobs.push_back({"z", zeroRows(4096, 4096, Element::BF16), Element::BF16, {false, 16, 2}, 0, 4096 * 4096 * 2});
  const uint64_t bytes = jobs[0].bytes;
  const Packed packed = packAll(std::move(jobs), bytes, 2);
  EXPECT_EQ(packed.digest, treeDigest(packed.bytes));
  EXPECT_TRUE(std::all_of(packed.bytes.begin(), packed.bytes.end(), [](uint8_t b) { return b == 0; }));
}

TEST(Packer, RefusesBuffersBeyondTheMemoryBound) {
  std::vector<PackJob> jobs;
  jobs.push_back(makeJob(16, 1 << 20, Element::F32, {false, 16, 1}, 0));
  const uint64_t bytes = jobs[0].bytes;
  auto file = io::OutputFile::create(testing::TempDir() + "bound.bin", 0);
  ASSERT_TRUE(file.isOk());
  PackOptions options;
  options.maxMemory = 16 << 20;
  auto packed = packSegment(jobs, bytes, *file, 0, options);
  ASSERT_FALSE(packed.isOk());
  EXPECT_EQ(packed.status().code(), Code::Constraint);
  EXPECT_THAT(packed.status().message(), testing::HasSubstr("--max-memory"));
}

TEST(Packer, FailingSourceStopsAndNamesTheWeight) {
  class Failing final : public RowSource {
  public:
    Failing() : RowSource(64, 64, Element::F32) {}
    Status read(uint64_t, uint64_t, void *) const override { return Status(Code::InvalidFile, "the file has shrunk"); }
  };
  std::vector<PackJob> jobs;
  jobs.push_back({"layers.3.q", std::make_unique<Failing>(), Element::F32, {false, 16, 1}, 0, 64 * 64 * 4});
  auto file = io::OutputFile::create(testing::TempDir() + "failing.bin", 0);
  ASSERT_TRUE(file.isOk());
  auto packed = packSegment(jobs, jobs[0].bytes, *file, 0, {});
  ASSERT_FALSE(packed.isOk());
  EXPECT_THAT(packed.status().message(), testing::StartsWith("layers.3.q: the file has shrunk"));
}

TEST(Element, EveryHalfSurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float wide = f16ToFloat(half);
    if (std::isnan(wide))
      EXPECT_TRUE(std::isnan(f16ToFloat(floatToF16(wide))));
    else
      ASSERT_EQ(floatToF16(wide), half);
    const float bwide = bf16ToFloat(half);
    if (std::isnan(bwide))
      EXPECT_TRUE(std::isnan(bf16ToFloat(floatToBf16(bwide))));
    else
      ASSERT_EQ(floatToBf16(bwide), half);
  }
}

// Round to nearest even by definition: the neighbour that is closer, or the even one of two equally close.
TEST(Element, RoundsHalvesToNearestEven) {
  for (uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const float low = f16ToFloat(static_cast<uint16_t>(bits)), high = f16ToFloat(static_cast<uint16_t>(bits + 1));
    const float middle = low + (high - low) / 2; // exact: one more mantissa bit
    EXPECT_EQ(floatToF16(middle), bits % 2 ? bits + 1 : bits);
    EXPECT_EQ(floatToF16(std::nextafter(middle, low)), bits);
    EXPECT_EQ(floatToF16(std::nextafter(middle, high)), bits + 1);
  }
  EXPECT_EQ(floatToF16(65519.0f), 0x7bff);
  EXPECT_EQ(floatToF16(65520.0f), 0x7c00);
  EXPECT_EQ(floatToF16(0x1p-25f), 0);
  EXPECT_EQ(floatToF16(std::nextafter(0x1p-25f, 1.0f)), 1);
}

TEST(RandomRows, DependOnNameAndPositionOnly) {
  auto source = randomRows("layers.0.q", 64, 256, Element::F32);
  std::vector<float> all(64 * 256), part(2 * 256);
  ASSERT_TRUE(source->read(0, 64, all.data()).isOk());
  ASSERT_TRUE(source->read(40, 2, part.data()).isOk());
  EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + 40 * 256));
  double sum = 0, squares = 0;
  for (float x : all)
    sum += x, squares += double(x) * x;
  EXPECT_NEAR(sum / all.size(), 0.0, 0.002);
  EXPECT_NEAR(squares / all.size() * 256, 1.0, 0.03); // variance 1 / columns
  auto other = randomRows("layers.1.q", 64, 256, Element::F32);
  std::vector<float> different(64 * 256);
  ASSERT_TRUE(other->read(0, 64, different.data()).isOk());
  EXPECT_NE(all, different);
}
