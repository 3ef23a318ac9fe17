#include "runtime/device/cpu/CodeModule.h"
#include "runtime/device/cpu/CodeImage.h"
#include "runtime/io/MappedFile.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace tenon;
using namespace tenon::cpu;
using testing::HasSubstr;

namespace {

std::vector<uint8_t> image(const std::string &name) {
  auto file = io::MappedFile::open(std::string(TENON_TEST_IMAGES) + "/" + name + ".so");
  EXPECT_TRUE(file.isOk()) << file.status().message();
  return {file->bytes().begin(), file->bytes().end()};
}

TEST(CodeModule, callsWhatWasCompiled) {
  auto module = CodeModule::load(image("good"), "kernels");
  ASSERT_TRUE(module.isOk()) << module.status().message();
  auto scale = module->symbol("scale");
  ASSERT_TRUE(scale.isOk());
  auto function = reinterpret_cast<int (*)(int, int)>(*scale);
  EXPECT_EQ(function(0, 21), 42);
  EXPECT_EQ(function(1, 5), 15);

  auto missing = module->symbol("no_such_kernel");
  ASSERT_FALSE(missing.isOk());
  EXPECT_EQ(missing.status().code(), Code::InvalidFile);
  EXPECT_THAT(missing.status().message(), HasSubstr("kernels: has no function 'no_such_kernel'"));
}

TEST(CodeModule, acceptsEitherHashStyle) {
  auto module = CodeModule::load(image("both-hashes"), "kernels");
  ASSERT_TRUE(module.isOk()) << module.status().message();
  EXPECT_TRUE(module->symbol("scale").isOk());
}

// Names stay local: not even libc's can be found through a module, and two modules of one image are two modules.
TEST(CodeModule, modulesAreSeparate) {
  std::vector<uint8_t> bytes = image("good");
  auto first = CodeModule::load(bytes, "first"), second = CodeModule::load(bytes, "second");
  ASSERT_TRUE(first.isOk() && second.isOk());
  EXPECT_FALSE(first->symbol("printf").isOk());
  auto count = [](const CodeModule &m) { return reinterpret_cast<int (*)()>(*m.symbol("count"))(); };
  EXPECT_EQ(count(*first), 1);
  EXPECT_EQ(count(*first), 2);
  EXPECT_EQ(count(*second), 1);

  // Once unloaded, the file descriptor's number is used again: the loader must not hand out the old module.
  *first = std::move(*second);
  EXPECT_EQ(count(*first), 2);
  auto third = CodeModule::load(bytes, "third");
  ASSERT_TRUE(third.isOk());
  EXPECT_EQ(count(*third), 1);
}

struct Refusal {
  const char *image, *why;
};
class RefusedImage : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedImage, isNamed) {
  Status status = checkCodeImage(image(GetParam().image), "kernels");
  EXPECT_EQ(status.code(), Code::InvalidFile);
  EXPECT_THAT(status.message(), HasSubstr(GetParam().why));
  EXPECT_FALSE(CodeModule::load(image(GetParam().image), "kernels").isOk());
}
INSTANTIATE_TEST_SUITE_P(Images, RefusedImage,
                         testing::Values(Refusal{"undefined", "'elsewhere' is undefined"},
                                         Refusal{"constructor", "constructors"},
                                         Refusal{"thread-local", "thread-local"}, Refusal{"indirect", "type 10"},
                                         Refusal{"soname", "soname"}, Refusal{"needed", "another library"},
                                         Refusal{"executable-stack", "executable stack"},
                                         Refusal{"interposable", "-Bsymbolic"}),
                         [](const auto &info) {
                           std::string name = info.param.image;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// One field of a good image changed at a time.
class DamagedImage : public testing::Test {
protected:
  std::vector<uint8_t> bytes = image("good");
  Elf64_Ehdr *header() { return reinterpret_cast<Elf64_Ehdr *>(bytes.data()); }
  Elf64_Phdr *programHeader(uint32_t type, unsigned which = 0) {
    auto *headers = reinterpret_cast<Elf64_Phdr *>(bytes.data() + header()->e_phoff);
    for (unsigned i = 0; i < header()->e_phnum; ++i)
      if (headers[i].p_type == type && which-- == 0)
        return &headers[i];
    ADD_FAILURE() << "no program header of type " << type;
    return nullptr;
  }
  Elf64_Dyn *dynamic(int64_t tag) {
    auto *entry = reinterpret_cast<Elf64_Dyn *>(bytes.data() + programHeader(PT_DYNAMIC)->p_offset);
    for (; entry->d_tag != tag; ++entry)
      if (entry->d_tag == DT_NULL) {
        ADD_FAILURE() << "no dynamic entry " << tag;
        return nullptr;
      }
    return entry;
  }
  // Read-only tables have equal addresses and offsets in the first segment.
  template <typename T> T *table(int64_t tag) { return reinterpret_cast<T *>(bytes.data() + dynamic(tag)->d_un.d_ptr); }
  void expectRefused(const char *why, Code code = Code::InvalidFile) {
    Status status = checkCodeImage(bytes, "kernels");
    EXPECT_EQ(status.code(), code);
    EXPECT_THAT(status.message(), HasSubstr(why));
  }
};

TEST_F(DamagedImage, startsOutGood) { EXPECT_TRUE(checkCodeImage(bytes, "kernels").isOk()); }

TEST_F(DamagedImage, otherMachine) {
  header()->e_machine = EM_S390;
  expectRefused("machine 22", Code::HostUnfit);
}
TEST_F(DamagedImage, notElf) {
  bytes[0] = 'X';
  expectRefused("not an ELF file");
}
TEST_F(DamagedImage, object) {
  header()->e_type = ET_REL;
  expectRefused("not an ELF shared object");
}
TEST_F(DamagedImage, manyHeaders) {
  header()->e_phnum = 0xffff;
  expectRefused("65535 program headers");
}
TEST_F(DamagedImage, headersOutside) {
  header()->e_phoff = UINT64_MAX - 8;
  expectRefused("leave the file");
}
TEST_F(DamagedImage, segmentOutside) {
  programHeader(PT_LOAD, 1)->p_filesz = UINT64_MAX;
  expectRefused("leaves the file");
}
TEST_F(DamagedImage, hugeMemory) {
  programHeader(PT_LOAD, 2)->p_memsz = uint64_t(1) << 40;
  expectRefused("of memory");
}
TEST_F(DamagedImage, oddAlignment) {
  programHeader(PT_LOAD, 1)->p_align = 3;
  expectRefused("alignment 3");
}
TEST_F(DamagedImage, overlappingSegments) {
  programHeader(PT_LOAD, 0)->p_memsz = programHeader(PT_LOAD, 1)->p_vaddr + 1;
  expectRefused("shares a page");
}
TEST_F(DamagedImage, writableCode) {
  programHeader(PT_LOAD, 1)->p_flags |= PF_W | PF_X;
  expectRefused("writable and executable");
}
TEST_F(DamagedImage, unreadableTables) {
  programHeader(PT_LOAD, 0)->p_flags = PF_X;
  expectRefused("not readable");
}
TEST_F(DamagedImage, noStackHeader) {
  programHeader(PT_GNU_STACK)->p_type = PT_NULL;
  expectRefused("non-executable stack");
}
TEST_F(DamagedImage, protectsTooMuch) {
  programHeader(PT_GNU_RELRO)->p_memsz = uint64_t(1) << 40;
  expectRefused("points outside the segments");
}
TEST_F(DamagedImage, noDynamicSection) {
  programHeader(PT_DYNAMIC)->p_type = PT_NULL;
  expectRefused("no dynamic section");
}
TEST_F(DamagedImage, endlessDynamicSection) {
  programHeader(PT_DYNAMIC)->p_filesz = programHeader(PT_DYNAMIC)->p_memsz = sizeof(Elf64_Dyn);
  expectRefused("no end");
}
TEST_F(DamagedImage, dynamicSectionInCode) {
  programHeader(PT_DYNAMIC)->p_vaddr = programHeader(PT_LOAD, 1)->p_vaddr;
  expectRefused("not in a writable segment");
}
TEST_F(DamagedImage, doubleTag) {
  dynamic(DT_RELAENT)->d_tag = DT_RELASZ;
  expectRefused("twice");
}
TEST_F(DamagedImage, noStringTable) {
  dynamic(DT_STRTAB)->d_tag = DT_SYMBOLIC;
  expectRefused("lacks dynamic tag 5");
}
TEST_F(DamagedImage, relocationsWithoutSize) {
  dynamic(DT_RELASZ)->d_tag = DT_SYMBOLIC;
  expectRefused("relocations incompletely");
}
TEST_F(DamagedImage, noDelete) {
  dynamic(DT_RELACOUNT)->d_tag = DT_FLAGS_1;
  dynamic(DT_FLAGS_1)->d_un.d_val = DF_1_NODELETE;
  expectRefused("flags_1 8");
}
TEST_F(DamagedImage, hashTableOutside) {
  dynamic(DT_GNU_HASH)->d_un.d_ptr = UINT64_MAX - 7;
  expectRefused("hash table leaves the file");
}
TEST_F(DamagedImage, hashTableWithoutBuckets) {
  *table<uint32_t>(DT_GNU_HASH) = 0;
  expectRefused("malformed");
}
TEST_F(DamagedImage, hashTableWithHugeBloomFilter) {
  table<uint32_t>(DT_GNU_HASH)[2] = 0x80000000;
  expectRefused("leaves the file");
}
TEST_F(DamagedImage, hashChainWithoutEnd) {
  uint32_t *hash = table<uint32_t>(DT_GNU_HASH);
  uint32_t *buckets = hash + 4 + 2 * hash[2];
  for (uint32_t i = 0; i < hash[0]; ++i)
    if (buckets[i])
      buckets[i] = 0x7fffffff;
  expectRefused("leaves the file");
}
TEST_F(DamagedImage, nameOutside) {
  table<Elf64_Sym>(DT_SYMTAB)[1].st_name = 0x7fffffff;
  expectRefused("leaves the string table");
}
TEST_F(DamagedImage, endlessStringTable) {
  dynamic(DT_STRSZ)->d_un.d_val -= 1;
  expectRefused("string table");
}
TEST_F(DamagedImage, symbolOutside) {
  table<Elf64_Sym>(DT_SYMTAB)[1].st_value = 1 << 30;
  expectRefused("points outside");
}
TEST_F(DamagedImage, undefinedSymbol) {
  table<Elf64_Sym>(DT_SYMTAB)[1].st_shndx = SHN_UNDEF;
  expectRefused("is undefined");
}
TEST_F(DamagedImage, indirectFunction) {
  table<Elf64_Sym>(DT_SYMTAB)[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC);
  expectRefused("has type 10");
}
TEST_F(DamagedImage, relocationsOutside) {
  dynamic(DT_RELASZ)->d_un.d_val = uint64_t(24) << 50;
  expectRefused("relocation table leaves the file");
}
TEST_F(DamagedImage, relocationIntoCode) {
  table<Elf64_Rela>(DT_RELA)->r_offset = programHeader(PT_LOAD, 1)->p_vaddr;
  expectRefused("writes to address");
}
TEST_F(DamagedImage, relocationIntoTheDynamicSection) {
  table<Elf64_Rela>(DT_RELA)->r_offset = programHeader(PT_DYNAMIC)->p_vaddr + 8;
  expectRefused("writes to address");
}
TEST_F(DamagedImage, relocationThatRunsCode) {
  table<Elf64_Rela>(DT_RELA)->r_info = 37; // R_X86_64_IRELATIVE
  expectRefused("expected only relative ones");
}

// Whatever the damage, the check ends with a verdict (the sanitizer builds would notice a read outside the image).
TEST_F(DamagedImage, everyTruncationIsRefused) {
  std::vector<uint8_t> whole = bytes;
  // The section headers at the end are not loaded; cutting only them is harmless.
  size_t loaded = 0;
  for (unsigned i = 0; i < header()->e_phnum; ++i) {
    auto *h = reinterpret_cast<Elf64_Phdr *>(bytes.data() + header()->e_phoff) + i;
    if (h->p_type == PT_LOAD)
      loaded = std::max<size_t>(loaded, h->p_offset + h->p_filesz);
  }
  for (size_t size = 0; size < loaded; ++size) {
    std::vector<uint8_t> cut(whole.begin(), whole.begin() + size);
    EXPECT_FALSE(checkCodeImage(cut, "kernels").isOk()) << size;
  }
}
TEST_F(DamagedImage, randomDamageNeverCrashesTheCheck) {
  std::mt19937 random(1);
  unsigned refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> damaged = bytes;
    for (unsigned n = 1 + random() % 4; n; --n) {
      // Mostly in the headers and tables at the start; anywhere otherwise.
      size_t at = random() % (random() % 4 ? std::min<size_t>(damaged.size(), 1200) : damaged.size());
      damaged[at] = static_cast<uint8_t>(random());
    }
    refused += !checkCodeImage(damaged, "kernels").isOk();
  }
  EXPECT_GT(refused, 1000u);
}

} // namespace
