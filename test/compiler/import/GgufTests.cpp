#include "compiler/import/Gguf.h"

#include "GgufFile.h"
#include "compiler/import/TensorInfo.h"
#include <gmock/gmock.h>

using namespace tenon;
using testing::HasSubstr;

namespace {

Result<GgufHeader> parse(const std::string &file) {
  return readGgufHeader({reinterpret_cast<const uint8_t *>(file.data()), file.size()}, "m.gguf");
}

TEST(GgufType, TableIsInTheEnumsOrder) {
  for (int i = 0; i <= static_cast<int>(kLastTensorType); ++i) {
    const auto type = static_cast<TensorType>(i);
    const TypeBlock block = blockOf(type);
    EXPECT_GT(block.bytes, 0u) << name(type);
    int numbers = 0;
    for (uint32_t number = 0; number < 64; ++number)
      numbers += ggufTensorType(number) == type;
    EXPECT_TRUE(numbers == 1 || tensorTypeNamed(name(type)) == type) << name(type);
    EXPECT_LE(numbers, 1) << name(type);
  }
  EXPECT_EQ(ggufTensorType(2), TensorType::Q4_0);
  EXPECT_EQ(blockOf(TensorType::Q4_0).bytes, 18u);
  EXPECT_EQ(ggufTensorType(8), TensorType::Q8_0);
  EXPECT_EQ(blockOf(TensorType::Q8_0).bytes, 34u);
  EXPECT_EQ(ggufTensorType(14), TensorType::Q6_K);
  EXPECT_EQ(ggufTensorType(4), std::nullopt);
  EXPECT_EQ(ggufTensorType(UINT32_MAX), std::nullopt);
}

TEST(Gguf, ReadsEntriesAndTensors) {
  for (uint32_t version : {2u, 3u}) {
    GgufFile file;
    file.version = version;
    file.string("z.last", "the end").u32("general.alignment", 64);
    file.alignment = 64;
    file.numbers<int16_t>("a.numbers", 3, {-1, 2, 3}).strings("a.texts", {"", "\xC3\xA9"}).boolean("b", true);
    file.numbers<uint8_t>("a.none", 0, {});
    file.tensor("w", {64, 3}, 8, std::string(3 * 68, 'w')).tensor("v", {5}, 0, std::string(20, 'v'));
    const std::string bytes = file.text(); // names are views of it
    auto header = parse(bytes);
    ASSERT_TRUE(header.isOk()) << header.status().message();
    EXPECT_EQ(header->version, version);
    EXPECT_EQ(header->alignment, 64u);
    ASSERT_EQ(header->entries.size(), 6u);
    const GgufEntry &none = header->entries[0], &numbers = header->entries[1], &texts = header->entries[2];
    EXPECT_EQ(none.key, "a.none");
    EXPECT_EQ(none.count, 0u);
    EXPECT_EQ(numbers.key, "a.numbers");
    EXPECT_TRUE(numbers.isArray);
    EXPECT_EQ(numbers.kind, GgufKind::I16);
    EXPECT_EQ(numbers.count, 3u);
    EXPECT_EQ(bytes[numbers.value], '\xFF');
    EXPECT_EQ(texts.kind, GgufKind::String);
    EXPECT_EQ(header->entries[5].key, "z.last");
    EXPECT_FALSE(header->entries[5].isArray);

    ASSERT_EQ(header->tensors.size(), 2u);
    const GgufTensor &w = header->tensors[0], &v = header->tensors[1];
    EXPECT_EQ(w.name, "w");
    EXPECT_EQ(w.type, TensorType::Q8_0);
    EXPECT_EQ(w.rank, 2u);
    EXPECT_EQ(w.sizes[0], 64);
    EXPECT_EQ(w.sizes[1], 3);
    EXPECT_EQ(w.bytes, 3u * 68);
    EXPECT_EQ(w.offset, header->dataStart);
    EXPECT_EQ(w.offset % 64, 0u);
    EXPECT_EQ(bytes[w.offset], 'w');
    EXPECT_EQ(bytes[v.offset], 'v');
    EXPECT_EQ(v.bytes, 20u);
  }
}

TEST(Gguf, AcceptsAFileWithNothing) {
  auto header = parse(GgufFile().text());
  ASSERT_TRUE(header.isOk()) << header.status().message();
  EXPECT_TRUE(header->entries.empty());
  EXPECT_TRUE(header->tensors.empty());
}

// The bytes are not looked at: they are no UTF-8.
TEST(Gguf, AHeaderHasAnEnd) {
  const std::string vast(100'000'000, '\xFF');
  auto refused = [](const std::string &file, const std::string &message) {
    auto header = parse(file);
    ASSERT_FALSE(header.isOk());
    EXPECT_EQ(header.status().code(), Code::InvalidFile);
    EXPECT_THAT(header.status().message(),
                HasSubstr(message + " ends behind byte 100000000, the most that a header may have"));
  };
  refused(GgufFile().string("a.key", vast).text(), "the value of \"a.key\"");
  std::string numbers = ggufNumber<uint32_t>(12) + ggufNumber<uint64_t>(4'000'000);
  GgufFile file;
  for (const char *key : {"a", "b", "c", "d"})
    file.raw(key, 9, numbers + std::string(32'000'000, '\0'));
  refused(file.text(), "the value of \"d\"");
}

struct Broken {
  std::string name, file;
  std::string message; // a part of it
  Code code = Code::InvalidFile;
};
void PrintTo(const Broken &broken, std::ostream *out) { *out << broken.name; }

class BrokenGguf : public testing::TestWithParam<Broken> {};
TEST_P(BrokenGguf, IsRefused) {
  auto header = parse(GetParam().file);
  ASSERT_FALSE(header.isOk());
  EXPECT_EQ(header.status().code(), GetParam().code);
  EXPECT_THAT(header.status().message(), testing::StartsWith("m.gguf: "));
  EXPECT_THAT(header.status().message(), HasSubstr(GetParam().message));
}

std::string frame(uint32_t version, uint64_t tensors, uint64_t entries, const std::string &rest = "") {
  return "GGUF" + ggufNumber(version) + ggufNumber(tensors) + ggufNumber(entries) + rest;
}
std::string bigEndian() {
  std::string file = GgufFile().text();
  std::swap(file[4], file[7]);
  return file;
}
std::string described(const std::vector<uint64_t> &sizes, uint32_t type, uint64_t offset) {
  GgufFile file;
  file.data.assign(4096, '\0');
  return file.describe("w", sizes, type, offset).text();
}
std::string entry(uint32_t kind, const std::string &value) { return GgufFile().raw("a.key", kind, value).text(); }
std::string cut(const std::string &file, size_t bytes) { return file.substr(0, bytes); }

constexpr uint64_t kHuge = uint64_t(1) << 60;

std::vector<Broken> brokenFiles() {
  const auto number = ggufNumber<uint64_t>;
  const auto kind = ggufNumber<uint32_t>;
  const std::string sound = GgufFile().string("a.key", "value").tensor("w", {4}, 0, std::string(16, 'w')).text();
  return {
      {"Empty", "", "expected \"GGUF\""},
      {"Magic", "GGML" + std::string(40, '\0'), "byte 0: expected \"GGUF\", with which every GGUF file begins, got"},
      {"LfsPointer", "version https://git-lfs.github.com/spec/v1\n", "git lfs pull"},
      {"NoVersion", "GGUF\3", "the version needs 4 bytes"},
      {"Version1", frame(1, 0, 0), "byte 4: version 1, expected 2 or 3", Code::Unsupported},
      {"Version0", frame(0, 0, 0), "byte 4: version 0, expected 2 or 3; the file is damaged"},
      {"Version4", frame(4, 0, 0), "byte 4: version 4, expected 2 or 3; the file is damaged"},
      {"Version4Swapped", frame(4u << 24, 0, 0), "byte 4: version 67108864"},
      {"BigEndian", bigEndian(), "big-endian", Code::Unsupported},
      {"NoCounts", cut(GgufFile().text(), 12), "the number of tensors"},
      {"HugeTensorCount", frame(3, kHuge, 0), "byte 8: 1152921504606846976 tensors, but the 0 bytes"},
      {"HugeEntryCount", frame(3, 0, kHuge, std::string(100, '\0')), "byte 16: 1152921504606846976 metadata entries"},
      {"EntryBeyondEnd", frame(3, 0, 2, ggufString("k") + kind(0) + "x" + std::string(14, '\0')), "metadata entry 1"},
      {"KeyPastEnd", frame(3, 0, 1, number(kHuge) + "0123456789"),
       "byte 24: the key of metadata entry 0 has 1152921504606846976 bytes, but only 10 follow"},
      {"EmptyKey", GgufFile().u32("", 1).text(), "expected a key of 1 to 65535 bytes"},
      {"ControlInKey", GgufFile().u32("a\nb", 1).text(), "without control characters"},
      {"KeyNotUtf8", GgufFile().u32("a\xFF", 1).text(), "byte 24: the key of metadata entry 0: expected UTF-8"},
      {"DuplicateKey", GgufFile().u32("a.key", 1).u32("b", 2).u32("a.key", 1).text(),
       "\"a.key\" stands there for the second time, expected every name once; first at byte 24"},
      {"UnknownKind", entry(13, ""), "\"a.key\" has a value of kind 13, expected 0 to 12"},
      {"UnknownElementKind", entry(9, kind(77) + number(0)), "kind 77"},
      {"NestedArray", entry(9, kind(9) + number(1) + kind(0) + number(0)), "array of arrays", Code::Unsupported},
      {"HugeArray", entry(9, kind(10) + number(kHuge)), "1152921504606846976 elements of \"a.key\""},
      {"HugeArrayOverflowing", entry(9, kind(10) + number(UINT64_MAX)), "elements of \"a.key\""},
      {"HugeStringArray", entry(9, kind(8) + number(kHuge)), "1152921504606846976 elements of \"a.key\""},
      {"LongArray", entry(9, kind(0) + number((1 << 22) + 1) + std::string((1 << 22) + 1, 'x')),
       "\"a.key\" has 4194305 elements, expected at most 4194304"},
      {"StringPastEnd", entry(8, number(1000) + "abc"), "the value of \"a.key\" has 1000 bytes, but only"},
      {"StringInArrayPastEnd", entry(9, kind(8) + number(1) + number(kHuge)),
       "the value of \"a.key\" has 1152921504606846976 bytes"},
      {"StringNotUtf8", entry(8, ggufString("\xC3(")), "the value of \"a.key\": expected UTF-8"},
      {"NumberPastEnd", frame(3, 0, 1, ggufString("long enough") + kind(12) + "1234"),
       "the value of \"long enough\" needs 8 bytes"},
      {"BoolTwo", entry(7, "\2"), "byte 41: the value of \"a.key\": expected 0 or 1, got 2"},
      {"BoolTwoInArray", entry(9, kind(7) + number(2) + std::string("\1\3")), "expected 0 or 1, got 3"},
      {"AlignmentKind", GgufFile().string("general.alignment", "32").text(),
       "general.alignment: expected a u32, got string"},
      {"AlignmentZero", GgufFile().u32("general.alignment", 0).text(), "power of two of at least 8, got 0"},
      {"AlignmentOdd", GgufFile().u32("general.alignment", 48).text(), "power of two of at least 8, got 48"},
      {"TensorNamePastEnd", frame(3, 1, 0, number(kHuge) + std::string(40, '\0')),
       "the name of tensor 0 has 1152921504606846976 bytes"},
      {"TensorNameEmpty", GgufFile().tensor("", {4}, 0, std::string(16, 'w')).text(), "tensor 0: expected a name"},
      {"TensorNameNotUtf8", GgufFile().tensor("\xFE", {4}, 0, std::string(16, 'w')).text(), "expected UTF-8"},
      {"DuplicateTensor",
       GgufFile().tensor("w", {4}, 0, std::string(16, 'w')).tensor("w", {4}, 0, std::string(16, 'w')).text(),
       "\"w\" stands there for the second time"},
      {"RankZero", described({}, 0, 0), "\"w\" has 0 dimensions, expected 1 to 4"},
      {"RankFive", described({1, 1, 1, 1, 1}, 0, 0), "\"w\" has 5 dimensions"},
      {"RankHuge", frame(3, 1, 0, ggufString("wwwwwwwww") + kind(UINT32_MAX) + std::string(40, '\1')),
       "has 4294967295 dimensions"},
      {"SizeZero", described({4, 0}, 0, 0), "\"w\": size 1: expected a number from 1 to 2^63 - 1, got 0"},
      {"SizeNegative", described({UINT64_MAX}, 0, 0), "got 18446744073709551615"},
      {"SizesOverflow", described({uint64_t(1) << 32, uint64_t(1) << 32}, 0, 0), "does not fit 63 bits"},
      {"BytesOverflow", described({uint64_t(1) << 62}, 0, 0), "does not fit 63 bits"},
      {"TypeRetired", described({32}, 4, 0), "type 4, which ggml has dropped", Code::Unsupported},
      {"TypeUnknown", described({32}, 1000, 0), "\"w\" has elements of type 1000"},
      {"RowsNotWholeBlocks", described({33}, 8, 0),
       "rows of 33 elements, expected whole blocks of 32 as its type is Q8_0"},
      {"OffsetUnaligned", described({4}, 0, 8),
       "begins at byte 8 of the data, expected a multiple of the alignment, 32"},
      {"OffsetOutside", described({4}, 0, 4096),
       "takes 16 bytes from byte 4096 of the data, but the file holds only 4096"},
      {"OffsetOverflow", described({4}, 0, ~uint64_t(31)), "but the file holds only 4096"},
      {"EndOutside", described({1025}, 0, 0), "takes 4100 bytes from byte 0"},
      {"CutOff", cut(sound, sound.size() - 1), "the file holds only 15; it is cut off"},
      {"CutInHeader", cut(sound, 80), "follow"},
      {"Overlap",
       [] {
         GgufFile file;
         file.data.assign(256, '\0');
         return file.describe("b", {4}, 0, 32).describe("a", {16}, 0, 0).text();
       }(),
       "\"b\" begins at byte 32 of the data, inside \"a\", which ends at byte 64"},
      {"SamePlace",
       [] {
         GgufFile file;
         file.data.assign(256, '\0');
         return file.describe("a", {4}, 0, 32).describe("b", {4}, 0, 32).text();
       }(),
       "\"b\" begins at byte 32 of the data, inside \"a\""},
  };
}
INSTANTIATE_TEST_SUITE_P(All, BrokenGguf, testing::ValuesIn(brokenFiles()),
                         [](const auto &test) { return test.param.name; });

} // namespace
