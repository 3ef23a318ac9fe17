#include "tools/cli/Npy.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <vector>

using namespace tenon::cli;

namespace {

std::string contents(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// numpy.save(numpy.zeros((2, 3), 'f4')) writes these 128 bytes before the numbers.
TEST(Npy, WritesTheHeaderThatNumpyWrites) {
  std::string header = npyHeader(2, 3);
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  EXPECT_EQ(header,
            std::string("\x93NUMPY\x01\x00\x76\x00", 10) + text + std::string(118 - text.size() - 1, ' ') + "\n");
}

TEST(Npy, DataStartsAtAMultipleOf64) {
  for (uint64_t rows = 1; rows < UINT64_MAX / 10; rows *= 10)
    EXPECT_EQ(npyHeader(rows, rows).size() % 64, 0u) << rows;
}

TEST(Npy, WritesRowsInOrder) {
  std::string path = testing::TempDir() + "/npy-tests.npy";
  std::vector<float> values = {1, 2, 3, 4, 5, 6};
  ASSERT_TRUE(writeNpy(path, 2, 3, values).isOk());
  std::string file = contents(path);
  ASSERT_EQ(file.size(), 128 + 24u);
  EXPECT_EQ(std::memcmp(file.data() + 128, values.data(), 24), 0);
  std::remove(path.c_str());
}

TEST(Npy, SaysWhereItCannotWrite) {
  tenon::Status status = writeNpy("/nonexistent-folder/x.npy", 1, 1, std::vector<float>{1});
  ASSERT_FALSE(status.isOk());
  EXPECT_NE(status.message().find("/nonexistent-folder"), std::string::npos);
}

} // namespace
