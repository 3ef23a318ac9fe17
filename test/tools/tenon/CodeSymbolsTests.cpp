// The functions of a code segment, of a good one and of damaged ones.
#include "tools/tenon/CodeSymbols.h"

#include "runtime/support/ToyEngine.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace tenon::cli {
namespace {

std::vector<uint8_t> toyCode() { return test::ToyEngine().segments.at(0); }

TEST(CodeSymbols, FindsEveryKernel) {
  test::ToyEngine toy;
  const auto functions = functionsOf(toy.segments.at(0));
  for (const auto &kernel : toy.variant().kernels) {
    ASSERT_TRUE(functions.contains(kernel->symbol)) << kernel->symbol;
    EXPECT_GT(functions.at(kernel->symbol).size(), 0u);
  }
}

// Whatever an image says, no function lies outside it.
TEST(CodeSymbols, DamagedImagesLeadNowhere) {
  const std::vector<uint8_t> good = toyCode();
  std::mt19937_64 random(5);
  const uint64_t numbers[] = {0, 1, 64, ~0ull, ~0ull - 63, 1ull << 63, 0xffff, 0x7fffffff, good.size()};
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> image = good;
    if (round % 5 == 0)
      image.resize(random() % image.size());
    for (uint64_t changes = 1 + random() % 4; changes > 0 && image.size() > 8; --changes) {
      const uint64_t number = numbers[random() % std::size(numbers)];
      // Half of them in the ELF header, at the ends otherwise: where the tables are.
      const size_t at =
          random() % 2 ? random() % std::min<size_t>(64, image.size() - 8) : random() % (image.size() - 8);
      std::memcpy(&image[at], &number, size_t(1) << random() % 4);
    }
    for (const auto &[name, bytes] : functionsOf(image)) {
      ASSERT_GE(bytes.data(), image.data());
      ASSERT_LE(bytes.data() + bytes.size(), image.data() + image.size());
      ASSERT_GE(reinterpret_cast<const uint8_t *>(name.data()), image.data());
      ASSERT_LE(reinterpret_cast<const uint8_t *>(name.data() + name.size()), image.data() + image.size());
    }
  }
}

} // namespace
} // namespace tenon::cli
