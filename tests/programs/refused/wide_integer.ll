; refused: the type i256
target triple = "x86_64-pc-linux-gnu"
define i256 @f(i256 %x) {
  ret i256 %x
}
