#include "runtime/text/ByteAlphabet.h"

#include "runtime/text/Unicode.h"

#include <array>
#include <cstdint>

namespace tenon::text {

namespace {

constexpr char32_t characters = 0x100 + 68; // one more than the last

struct Alphabet {
  std::array<std::string, 256> character;
  std::array<int16_t, characters> byte;

  Alphabet() {
    byte.fill(-1);
    char32_t next = 0x100;
    for (int b = 0; b < 256; ++b) {
      bool printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      char32_t code = printable ? static_cast<char32_t>(b) : next++;
      appendUtf8(character[static_cast<size_t>(b)], code);
      byte[code] = static_cast<int16_t>(b);
    }
  }
};

const Alphabet &alphabet() {
  static const Alphabet table;
  return table;
}

} // namespace

std::string_view byteCharacter(unsigned char byte) { return alphabet().character[byte]; }

int byteOfCharacter(char32_t code) { return code < characters ? alphabet().byte[code] : -1; }

} // namespace tenon::text
