// Field meanings: the System V ABI's chapters on object files and dynamic linking; the GNU hash table as ld.lld writes
// it:
//   nbuckets, symoffset, bloom words, bloom shift | u64 bloom[] | u32 buckets[nbuckets] | u32 chain[symbols -
//   symoffset]
// where a chain ends at the first entry whose lowest bit is set.
#include "runtime/device/cpu/CodeImage.h"

#include "runtime/base/Checked.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <map>
#include <optional>
#include <unistd.h>
#include <vector>

namespace tenon::cpu {

uint16_t hostElfMachine() {
#if defined(__x86_64__)
  return EM_X86_64;
#else
  return EM_AARCH64;
#endif
}

namespace {

constexpr uint16_t kMaxProgramHeaders = 32;
constexpr uint64_t kMaxSegmentAlignment = 2 << 20;
// Gaps between segments and zero-initialised data; kernels have next to none of either.
constexpr uint64_t kMaxMemoryBeyondFile = 4 << 20;

// The dynamic entries that compiled kernels need. All others ask the loader for something that they do not.
constexpr int64_t kKnownTags[] = {DT_HASH,     DT_GNU_HASH, DT_STRTAB, DT_STRSZ,   DT_SYMTAB,
                                  DT_SYMENT,   DT_RELA,     DT_RELASZ, DT_RELAENT, DT_RELACOUNT,
                                  DT_SYMBOLIC, DT_BIND_NOW, DT_FLAGS,  DT_FLAGS_1};

const char *tagMeaning(int64_t tag) {
  switch (tag) {
  case DT_NEEDED:
    return "needs another library";
  case DT_INIT:
  case DT_INIT_ARRAY:
  case DT_PREINIT_ARRAY:
    return "has constructors";
  case DT_FINI:
  case DT_FINI_ARRAY:
    return "has destructors";
  case DT_TEXTREL:
    return "has relocations in its code";
  case DT_SONAME:
    return "has a soname";
  case DT_JMPREL:
  case DT_PLTRELSZ:
  case DT_PLTGOT:
    return "calls through a procedure linkage table (link with -Bsymbolic)";
  default:
    return "has a dynamic entry that kernels do not need";
  }
}

class Checker {
public:
  Checker(std::span<const uint8_t> image, const std::string &name, uint16_t machine)
      : image(image), name(name), machine(machine) {}

  Status check() {
    TENON_TRY(checkHeader());
    TENON_TRY(checkSegments());
    TENON_TRY(checkOtherHeaders());
    TENON_TRY(readDynamic());
    TENON_TRY(countSymbols());
    TENON_TRY(checkSymbols());
    // Only now: the name of an undefined function says more than the linkage table through which it would be called.
    if (unknownTag)
      return fail(std::string(tagMeaning(unknownTag)) + " (dynamic tag " + std::to_string(unknownTag) + ")");
    return checkRelocations();
  }

private:
  Status fail(const std::string &what) const {
    return Status(Code::InvalidFile, name + ": " + what + "; the file is damaged or was not made by tenon");
  }

  // T at byte `offset` of the file; alignment is not assumed. The range must have been checked.
  template <typename T> T fileRead(uint64_t offset) const {
    T value;
    memcpy(&value, image.data() + offset, sizeof value);
    return value;
  }

  // The file offset of [address, address + size), or nothing unless it lies in the file-backed part of one read-only
  // segment: tables there cannot change under the loader's hands by relocation.
  std::optional<uint64_t> tableOffset(uint64_t address, uint64_t size) const {
    for (const Elf64_Phdr &s : segments)
      if (!(s.p_flags & PF_W) && address >= s.p_vaddr && rangeWithin(address - s.p_vaddr, size, s.p_filesz))
        return s.p_offset + (address - s.p_vaddr);
    return std::nullopt;
  }
  const Elf64_Phdr *segmentOf(uint64_t address, uint64_t size) const {
    for (const Elf64_Phdr &s : segments)
      if (address >= s.p_vaddr && rangeWithin(address - s.p_vaddr, size, s.p_memsz))
        return &s;
    return nullptr;
  }

  Status checkHeader() {
    if (image.size() < sizeof(Elf64_Ehdr) || memcmp(image.data(), ELFMAG, SELFMAG) != 0)
      return fail("not an ELF file");
    header = fileRead<Elf64_Ehdr>(0);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
      return fail("not a 64-bit little-endian ELF file");
    if (header.e_machine != machine)
      return Status(Code::HostUnfit, name + ": the code is for ELF machine " + std::to_string(header.e_machine) +
                                         ", this is machine " + std::to_string(machine) +
                                         "; compile for this machine's target");
    if (header.e_type != ET_DYN || header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT)
      return fail("not an ELF shared object");
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > kMaxProgramHeaders)
      return fail("has " + std::to_string(header.e_phnum) + " program headers of " +
                  std::to_string(header.e_phentsize) + " bytes, expected 1 to " + std::to_string(kMaxProgramHeaders) +
                  " of " + std::to_string(sizeof(Elf64_Phdr)));
    if (!rangeWithin(header.e_phoff, uint64_t(header.e_phnum) * sizeof(Elf64_Phdr), image.size()))
      return fail("program headers at byte " + std::to_string(header.e_phoff) + " leave the file");
    for (unsigned i = 0; i < header.e_phnum; ++i)
      headers.push_back(fileRead<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr)));
    return Status::ok();
  }

  Status checkSegments() {
    uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE)), end = 0;
    for (const Elf64_Phdr &s : headers) {
      if (s.p_type != PT_LOAD)
        continue;
      std::string at = "segment at address " + std::to_string(s.p_vaddr);
      if (!rangeWithin(s.p_offset, s.p_filesz, image.size()))
        return fail(at + " leaves the file");
      if (s.p_memsz < s.p_filesz)
        return fail(at + " is smaller in memory than in the file");
      if (s.p_align < page || s.p_align > kMaxSegmentAlignment || (s.p_align & (s.p_align - 1)) != 0 ||
          (s.p_vaddr - s.p_offset) % s.p_align != 0)
        return fail(at + " has alignment " + std::to_string(s.p_align));
      if (!(s.p_flags & PF_R))
        return fail(at + " is not readable");
      if ((s.p_flags & PF_W) && (s.p_flags & PF_X))
        return fail(at + " is writable and executable");
      uint64_t limit = image.size() + kMaxMemoryBeyondFile;
      if (!rangeWithin(s.p_vaddr, s.p_memsz, limit))
        return fail(at + " ends beyond " + std::to_string(limit) + " bytes of memory");
      if (!segments.empty() && s.p_vaddr / page * page < end)
        return fail(at + " shares a page with the one before it");
      if (segments.empty() && s.p_vaddr != 0)
        return fail("its first segment is at address " + std::to_string(s.p_vaddr) + ", expected 0");
      end = (s.p_vaddr + s.p_memsz + page - 1) / page * page; // no overflow: below `limit`
      segments.push_back(s);
    }
    return segments.empty() ? fail("has nothing to load") : Status::ok();
  }

  // Every program header but PT_LOAD.
  Status checkOtherHeaders() {
    bool plainStack = false;
    for (const Elf64_Phdr &s : headers) {
      switch (s.p_type) {
      case PT_LOAD:
      case PT_NULL:
        continue;
      case PT_PHDR: // the loader takes its copy of the headers from here
        if (tableOffset(s.p_vaddr, s.p_filesz) != header.e_phoff || s.p_filesz != headers.size() * sizeof(Elf64_Phdr))
          return fail("PT_PHDR does not point at the program headers");
        continue;
      case PT_DYNAMIC:
        if (dynamic.p_type == PT_DYNAMIC)
          return fail("has two dynamic sections");
        dynamic = s;
        continue;
      case PT_GNU_STACK:
        if (s.p_flags & PF_X)
          return fail("asks for an executable stack");
        plainStack = true;
        continue;
      case PT_GNU_RELRO:
      case PT_GNU_EH_FRAME:
        if (!segmentOf(s.p_vaddr, s.p_memsz))
          return fail("program header of type " + std::to_string(s.p_type) + " points outside the segments");
        continue;
      case PT_TLS:
        return fail("has thread-local storage");
      case PT_INTERP:
        return fail("names an interpreter");
      default:
        return fail("has a program header of type " + std::to_string(s.p_type) + " that kernels do not need");
      }
    }
    if (!plainStack)
      return fail("does not declare a non-executable stack");
    return dynamic.p_type == PT_DYNAMIC ? Status::ok() : fail("has no dynamic section");
  }

  Status readDynamic() {
    const Elf64_Phdr *segment = segmentOf(dynamic.p_vaddr, dynamic.p_memsz);
    // The loader may write addresses into it.
    if (!segment || !(segment->p_flags & PF_W) || dynamic.p_vaddr % 8 != 0 || dynamic.p_memsz != dynamic.p_filesz ||
        !rangeWithin(dynamic.p_vaddr - segment->p_vaddr, dynamic.p_filesz, segment->p_filesz))
      return fail("its dynamic section is not in a writable segment");
    uint64_t offset = segment->p_offset + (dynamic.p_vaddr - segment->p_vaddr);
    uint64_t count = dynamic.p_filesz / sizeof(Elf64_Dyn), i = 0;
    for (; i < count; ++i) {
      auto entry = fileRead<Elf64_Dyn>(offset + i * sizeof(Elf64_Dyn));
      if (entry.d_tag == DT_NULL)
        break;
      if (std::find(std::begin(kKnownTags), std::end(kKnownTags), entry.d_tag) == std::end(kKnownTags)) {
        unknownTag = unknownTag ? unknownTag : entry.d_tag;
        continue;
      }
      if (!tags.emplace(entry.d_tag, entry.d_un.d_val).second)
        return fail("has dynamic tag " + std::to_string(entry.d_tag) + " twice");
    }
    if (i == count)
      return fail("its dynamic section has no end");
    // The loader uses these without asking whether they are there.
    for (int64_t needed : {DT_STRTAB, DT_STRSZ, DT_SYMTAB, DT_SYMENT, DT_GNU_HASH})
      if (!tags.count(needed))
        return fail("lacks dynamic tag " + std::to_string(needed));
    size_t relocationTags = tags.count(DT_RELA) + tags.count(DT_RELASZ) + tags.count(DT_RELAENT);
    if (relocationTags != 3 && relocationTags + tags.count(DT_RELACOUNT) != 0)
      return fail("describes its relocations incompletely");
    if (tag(DT_FLAGS) & ~uint64_t(DF_SYMBOLIC | DF_BIND_NOW))
      return fail("has dynamic flags " + std::to_string(tag(DT_FLAGS)));
    if (tag(DT_FLAGS_1) & ~uint64_t(DF_1_NOW))
      return fail("has dynamic flags_1 " + std::to_string(tag(DT_FLAGS_1)));
    return Status::ok();
  }

  uint64_t tag(int64_t number) const {
    auto found = tags.find(number);
    return found == tags.end() ? 0 : found->second;
  }

  Status countSymbols() {
    uint64_t address = tag(DT_GNU_HASH);
    auto offset = tableOffset(address, 16);
    if (!offset || address % 8 != 0)
      return fail("its hash table leaves the file");
    uint64_t buckets = fileRead<uint32_t>(*offset), firstHashed = fileRead<uint32_t>(*offset + 4);
    uint64_t bloomWords = fileRead<uint32_t>(*offset + 8), bloomShift = fileRead<uint32_t>(*offset + 12);
    if (buckets == 0 || bloomWords == 0 || (bloomWords & (bloomWords - 1)) != 0 || bloomShift >= 32)
      return fail("its hash table is malformed");
    uint64_t bucketStart = 16 + 8 * bloomWords, chainStart = bucketStart + 4 * buckets; // 32-bit counts: no overflow
    if (!tableOffset(address, chainStart))
      return fail("its hash table leaves the file");
    uint64_t last = 0; // the largest symbol number that starts a chain
    for (uint64_t i = 0; i < buckets; ++i) {
      uint64_t symbol = fileRead<uint32_t>(*offset + bucketStart + 4 * i);
      if (symbol != 0 && symbol < firstHashed)
        return fail("its hash table is malformed");
      last = std::max(last, symbol);
    }
    symbols = firstHashed;
    // Chains lie one after another, so every chain ends at the latest where the last one does.
    for (bool more = last != 0; more; ++last) {
      if (!tableOffset(address, chainStart + 4 * (last - firstHashed + 1)))
        return fail("its hash table leaves the file");
      more = (fileRead<uint32_t>(*offset + chainStart + 4 * (last - firstHashed)) & 1) == 0;
      symbols = last + 1;
    }
    return Status::ok();
  }

  Status checkSymbols() {
    uint64_t textSize = tag(DT_STRSZ);
    auto text = tableOffset(tag(DT_STRTAB), textSize);
    if (!text || textSize == 0 || image[*text + textSize - 1] != 0)
      return fail("its string table leaves the file or has no end");
    auto table = tableOffset(tag(DT_SYMTAB), symbols * sizeof(Elf64_Sym)); // symbols < 2^33
    if (!table || tag(DT_SYMENT) != sizeof(Elf64_Sym) || tag(DT_SYMTAB) % 8 != 0)
      return fail("its symbol table leaves the file");
    for (uint64_t i = 1; i < symbols; ++i) { // symbol 0 is null by definition
      auto symbol = fileRead<Elf64_Sym>(*table + i * sizeof(Elf64_Sym));
      if (symbol.st_name >= textSize)
        return fail("the name of symbol " + std::to_string(i) + " leaves the string table");
      std::string quoted =
          "symbol '" + std::string(reinterpret_cast<const char *>(&image[*text + symbol.st_name])) + "'";
      if (symbol.st_shndx == SHN_UNDEF)
        return fail(quoted + " is undefined; kernels must be self-contained");
      unsigned type = ELF64_ST_TYPE(symbol.st_info), binding = ELF64_ST_BIND(symbol.st_info);
      if (type > STT_SECTION || binding > STB_WEAK)
        return fail(quoted + " has type " + std::to_string(type) + " and binding " + std::to_string(binding));
      if (symbol.st_shndx != SHN_ABS && !segmentOf(symbol.st_value, 0))
        return fail(quoted + " points outside the segments");
    }
    return Status::ok();
  }

  Status checkRelocations() {
    const uint64_t relative = machine == EM_X86_64 ? uint64_t(R_X86_64_RELATIVE) : uint64_t(R_AARCH64_RELATIVE);
    uint64_t size = tag(DT_RELASZ), count = size / sizeof(Elf64_Rela);
    if (!tags.count(DT_RELA))
      return Status::ok();
    auto table = tableOffset(tag(DT_RELA), size);
    if (!table || tag(DT_RELAENT) != sizeof(Elf64_Rela) || size % sizeof(Elf64_Rela) != 0 || tag(DT_RELACOUNT) > count)
      return fail("its relocation table leaves the file");
    for (uint64_t i = 0; i < count; ++i) {
      auto relocation = fileRead<Elf64_Rela>(*table + i * sizeof(Elf64_Rela));
      if (ELF64_R_TYPE(relocation.r_info) != relative)
        return fail("relocation " + std::to_string(i) + " has type " + std::to_string(ELF64_R_TYPE(relocation.r_info)) +
                    ", expected only relative ones (link with -Bsymbolic)");
      const Elf64_Phdr *segment = segmentOf(relocation.r_offset, 8);
      bool inDynamic =
          relocation.r_offset + 8 > dynamic.p_vaddr && relocation.r_offset < dynamic.p_vaddr + dynamic.p_memsz;
      if (!segment || !(segment->p_flags & PF_W) || inDynamic)
        return fail("relocation " + std::to_string(i) + " writes to address " + std::to_string(relocation.r_offset));
    }
    return Status::ok();
  }

  std::span<const uint8_t> image;
  const std::string &name;
  uint16_t machine;
  Elf64_Ehdr header = {};
  std::vector<Elf64_Phdr> headers, segments;
  Elf64_Phdr dynamic = {};
  std::map<int64_t, uint64_t> tags;
  int64_t unknownTag = 0; // the first one that kernels do not need
  uint64_t symbols = 0;
};

} // namespace

Status checkCodeImage(std::span<const uint8_t> image, const std::string &name, uint16_t machine) {
  return Checker(image, name, machine).check();
}

} // namespace tenon::cpu
