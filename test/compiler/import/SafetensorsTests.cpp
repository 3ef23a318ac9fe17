#include "compiler/import/Safetensors.h"

#include "SafetensorsFile.h"
#include <chrono>
#include <gmock/gmock.h>

using namespace tenon;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

Result<std::vector<TensorInfo>> parse(const std::string &file) {
  return readSafetensorsHeader({reinterpret_cast<const uint8_t *>(file.data()), file.size()}, "m.safetensors", 3);
}

TEST(TensorType, NamesAndSizes) {
  EXPECT_EQ(tensorTypeNamed("BF16"), TensorType::BF16);
  EXPECT_EQ(tensorTypeNamed("bf16"), std::nullopt);
  int readable = 0, known = 0;
  for (const char *text : {"BF16", "F16", "F32", "BOOL", "U8",      "I8",      "I16",     "U16",     "I32",     "U32",
                           "I64",  "U64", "F64", "C64",  "F8_E5M2", "F8_E4M3", "F8_E8M0", "F6_E2M3", "F6_E3M2", "F4"}) {
    auto type = tensorTypeNamed(text);
    ASSERT_TRUE(type) << text;
    EXPECT_EQ(name(*type), text);
    ++known;
    readable += isReadable(*type);
  }
  EXPECT_EQ(known, 20);
  EXPECT_EQ(readable, 3);
  EXPECT_EQ(tensorTypeNamed("Q8_0"), std::nullopt); // GGUF's alone
  EXPECT_EQ(bitsOf(TensorType::BF16), 16u);
  EXPECT_EQ(bitsOf(TensorType::F32), 32u);
  EXPECT_EQ(bitsOf(TensorType::F6E2M3), 6u);
}

TEST(Safetensors, ReadsEntriesInOrderOfOffset) {
  std::string header = "{" + entry("b", "BF16", "[2,3]", 16, 28) + ",\"__metadata__\":{\"format\":\"pt\"}," +
                       entry("a", "F32", "[4]", 0, 16) + "," + entry("scalar", "F64", "[]", 28, 36) + "," +
                       entry("empty", "F16", "[0,7]", 36, 36) + "," + entry("packed", "F4", "[3,2]", 36, 39) + "}   ";
  auto tensors = parse(safetensorsFile(header, 39));
  ASSERT_TRUE(tensors.isOk()) << tensors.status().message();
  ASSERT_EQ(tensors->size(), 5u);
  const TensorInfo &a = (*tensors)[0], &b = (*tensors)[1];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.type, TensorType::F32);
  EXPECT_EQ(a.offset, 8 + header.size());
  EXPECT_EQ(a.bytes, 16u);
  EXPECT_EQ(a.file, 3u);
  EXPECT_EQ(b.name, "b");
  EXPECT_THAT(b.shape, ElementsAre(2, 3));
  EXPECT_EQ(b.offset, 8 + header.size() + 16);
  EXPECT_EQ((*tensors)[2].name, "scalar");
  EXPECT_EQ((*tensors)[3].name, "empty");
  EXPECT_EQ((*tensors)[4].name, "packed");
}

TEST(Safetensors, AcceptsAFileWithoutTensors) {
  auto tensors = parse(safetensorsFile("{}", 0));
  ASSERT_TRUE(tensors.isOk());
  EXPECT_TRUE(tensors->empty());
}

struct Broken {
  std::string name, file;
  std::string message; // a part of it
  Code code = Code::InvalidFile;
};
void PrintTo(const Broken &broken, std::ostream *out) { *out << broken.name; }

class BrokenSafetensors : public testing::TestWithParam<Broken> {};
TEST_P(BrokenSafetensors, IsRefused) {
  auto tensors = parse(GetParam().file);
  ASSERT_FALSE(tensors.isOk());
  EXPECT_EQ(tensors.status().code(), GetParam().code);
  EXPECT_THAT(tensors.status().message(), testing::StartsWith("m.safetensors: "));
  EXPECT_THAT(tensors.status().message(), HasSubstr(GetParam().message));
}

// A file of one tensor whose entry is the given JSON.
std::string one(const std::string &json, uint64_t dataBytes) {
  return safetensorsFile("{\"w\":" + json + "}", dataBytes);
}
std::string length(uint64_t value, const std::string &rest) {
  std::string out;
  for (int i = 0; i < 8; ++i)
    out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out + rest;
}

INSTANTIATE_TEST_SUITE_P(
    Safetensors, BrokenSafetensors,
    testing::Values(
        Broken{"empty", "", "the file has 0 bytes"}, Broken{"seven bytes", "1234567", "the file has 7 bytes"},
        Broken{"lfs pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"},
        Broken{"no header", length(0, ""), "byte 8: expected the header's '{'"},
        Broken{"huge header", length(UINT64_MAX, "{}"),
               "a header of 18446744073709551615 bytes, expected at most 100000000"},
        Broken{"over the cap", length(100'000'001, "{}"), "expected at most 100000000"},
        Broken{"cut header", length(3, "{}"), "a header of 3 bytes, but only 2 follow"},
        Broken{"pickle", length(2, "\x80\x02"), "byte 8: expected the header's '{', got \"\\x80\""},
        Broken{"leading space", safetensorsFile(" {}", 0), "byte 8: expected the header's '{'"},
        Broken{"not JSON", safetensorsFile("{\"a\":}", 0), "expected JSON, but the text is damaged"},
        Broken{"NUL after", safetensorsFile(std::string("{}\0", 3), 0), "expected JSON"},
        Broken{"bad UTF-8 name", safetensorsFile("{" + entry("\xFF", "F32", "[]", 0, 4) + "}", 4), "expected JSON"},
        Broken{"deep", safetensorsFile("{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}", 0),
               "nested too deeply"},
        Broken{"twice",
               safetensorsFile("{" + entry("w", "F32", "[]", 0, 4) + "," + entry("w", "F32", "[]", 4, 8) + "}", 8),
               "the key \"w\" occurs twice"},
        Broken{"entry is a list", one("[]", 0), "w: expected an object, got an array"},
        Broken{"no dtype", one(R"({"shape":[],"data_offsets":[0,0]})", 0), "dtype is missing"},
        Broken{"no shape", one(R"({"dtype":"F32","data_offsets":[0,0]})", 0), "shape is missing"},
        Broken{"no offsets", one(R"({"dtype":"F32","shape":[]})", 0), "data_offsets is missing"},
        Broken{"extra key", one(R"({"dtype":"F32","shape":[],"data_offsets":[0,4],"x":1})", 4),
               "w: expected dtype, shape and data_offsets only, got \"x\""},
        Broken{"dtype is a number", one(R"({"dtype":32,"shape":[],"data_offsets":[0,4]})", 4),
               "w.dtype: expected a string, got 32"},
        Broken{"unknown dtype", one(R"({"dtype":"Q4","shape":[],"data_offsets":[0,4]})", 4),
               "w.dtype: expected an element type of safetensors such as BF16, F16 or F32, got \"Q4\"",
               Code::Unsupported},
        Broken{"shape is a number", one(R"({"dtype":"F32","shape":1,"data_offsets":[0,4]})", 4),
               "w.shape: expected an array, got 1"},
        Broken{"negative size", one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})", 4),
               "w.shape[0]: expected a whole number of at least 0, got -1"},
        Broken{"fractional size", one(R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})", 4),
               "w.shape[0]: expected a whole number of at least 0, got 1.0"},
        Broken{"huge size", one(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]})", 4),
               "w.shape[0]: expected a whole number"},
        Broken{"rank 9", one(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]})", 4),
               "w.shape: expected at most 8 numbers, got more"},
        // 2^32 * 2^32 * 32 bits is 0 modulo 2^64, and so is 2^62 * 4 bytes.
        Broken{"product overflows", one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})", 0),
               "w.shape: the size of [4294967296, 4294967296] does not fit 64 bits"},
        Broken{"bytes overflow", one(R"({"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]})", 0),
               "does not fit 64 bits"},
        Broken{"half a byte", one(R"({"dtype":"F4","shape":[3],"data_offsets":[0,2]})", 2),
               "w.shape: expected a whole number of bytes, got 12 bits of F4"},
        Broken{"one offset", one(R"({"dtype":"F32","shape":[],"data_offsets":[0]})", 0),
               "w.data_offsets: expected [begin, end], got 1 numbers"},
        Broken{"three offsets", one(R"({"dtype":"F32","shape":[],"data_offsets":[0,4,4]})", 4),
               "w.data_offsets: expected at most 2 numbers"},
        Broken{"backwards", one(R"({"dtype":"F32","shape":[],"data_offsets":[4,0]})", 4),
               "w.data_offsets: expected begin <= end, got [4, 0]"},
        Broken{"wrong size", one(R"({"dtype":"F32","shape":[2,3],"data_offsets":[0,20]})", 20),
               "w.data_offsets: spans 20 bytes, expected 24 for F32 of shape [2, 3]"},
        Broken{"cut data", safetensorsFile("{" + entry("w", "F32", "[2]", 0, 8) + "}", 7),
               "w.data_offsets: ends at byte 8 of the data, but the file holds only 7"},
        Broken{"far offset",
               one(R"({"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]})", 4),
               "ends at byte 9223372036854775807 of the data"},
        Broken{"offset past 2^63",
               one(R"({"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,18446744073709551615]})", 4),
               "w.data_offsets[0]: expected a whole number"},
        Broken{"overlap",
               safetensorsFile("{" + entry("a", "F32", "[2]", 0, 8) + "," + entry("b", "F32", "[2]", 4, 12) + "}", 12),
               "\"b\" begins at byte 4 of the data, inside \"a\", which ends at byte 8"},
        Broken{"same bytes",
               safetensorsFile("{" + entry("a", "F32", "[2]", 0, 8) + "," + entry("b", "F32", "[2]", 0, 8) + "}", 8),
               "\"b\" begins at byte 0 of the data, inside \"a\""},
        Broken{"hole",
               safetensorsFile("{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("b", "F32", "[1]", 8, 12) + "}", 12),
               "\"b\" begins at byte 8 of the data, expected byte 4"},
        Broken{"hole at the start", safetensorsFile("{" + entry("a", "F32", "[1]", 4, 8) + "}", 8),
               "\"a\" begins at byte 4 of the data, expected byte 0"},
        Broken{"bytes after", safetensorsFile("{" + entry("a", "F32", "[1]", 0, 4) + "}", 5),
               "the tensors end at byte 4 of the data, but the file holds 5"},
        Broken{"metadata is a list", safetensorsFile("{\"__metadata__\":[]}", 0), "__metadata__: expected an object"},
        Broken{"metadata of numbers", safetensorsFile("{\"__metadata__\":{\"n\":1}}", 0),
               "__metadata__.n: expected a string, got 1"},
        Broken{"empty name", safetensorsFile("{" + entry("", "F32", "[]", 0, 4) + "}", 4),
               "expected a tensor name of 1 to 1024 bytes"},
        Broken{"long name", safetensorsFile("{" + entry(std::string(1025, 'x'), "F32", "[]", 0, 4) + "}", 4),
               "expected a tensor name of 1 to 1024 bytes"},
        Broken{"control in name", safetensorsFile("{" + entry("a\\u001b[2J", "F32", "[]", 0, 4) + "}", 4),
               "without control characters"}));

// Every prefix of a sound file is refused: nothing may depend on bytes that are not there.
TEST(Safetensors, EveryCutIsRefused) {
  std::string file =
      safetensorsFile("{" + entry("a", "F32", "[2]", 0, 8) + "," + entry("b", "BF16", "[2]", 8, 12) + "}", 12);
  ASSERT_TRUE(parse(file).isOk());
  for (size_t size = 0; size < file.size(); ++size) {
    std::string cut = file.substr(0, size);
    cut.shrink_to_fit();
    EXPECT_EQ(parse(cut).status().code(), Code::InvalidFile) << size;
  }
}

// Work is n log n: a hundred times the tensors of a large model within a second or so, even in a debug build.
TEST(Safetensors, ReadsManyTensorsQuickly) {
  std::string header = "{";
  constexpr int kTensors = 100000;
  for (int i = kTensors - 1; i >= 0; --i)
    header +=
        entry("model.layers." + std::to_string(i) + ".weight", "BF16", "[1,1]", 2 * i, 2 * i + 2) + (i ? "," : "}");
  std::string file = safetensorsFile(header, 2 * kTensors);
  auto start = std::chrono::steady_clock::now();
  auto tensors = parse(file);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(tensors.isOk()) << tensors.status().message();
  EXPECT_EQ(tensors->size(), static_cast<size_t>(kTensors));
  RecordProperty("seconds", std::to_string(took.count()));
  EXPECT_LT(took.count(), 10.0);
}

} // namespace
