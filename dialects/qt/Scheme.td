#ifndef TENON_QT_SCHEME
#define TENON_QT_SCHEME

include "dialects/qt/QtBase.td"

// A weight scheme: one file in dialects/qt/schemes.
def Qt_Scheme : AttrInterface<"Scheme", [NumberFormat]> {
  let cppNamespace = "::tenon::qt";
  let description = [{
    A format of weights: what is stored (Storage.h) and which codes stand for a group of numbers. Everything that packs, multiplies or
    explains weights asks this interface; only a scheme's own file knows its rule.
  }];
  let methods = [
    InterfaceMethod<"as users write it: int4_wo:g128,asym", "std::string", "getRecipeName">,
    InterfaceMethod<"", "::tenon::qt::Storage", "getStorage">,
    InterfaceMethod<[{
      Quantizes the `count` numbers of one group of one output. `codes` are unsigned; `scale` is exactly as stored (f16 where the storage
      says so); `zero` is written where zero points are stored. Numbers are finite. Pure: the same on every machine.
    }], "void", "quantizeGroup", (ins "const float *":$values, "int64_t":$count, "uint8_t *":$codes, "float &":$scale, "uint8_t &":$zero)>
  ];
}

#endif
