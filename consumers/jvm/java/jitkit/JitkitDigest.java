package jitkit;

import java.nio.ByteBuffer;
import java.security.MessageDigestSpi;
import java.util.Arrays;

/** A digest: bytes are copied only where they do not fill a block. The state stands in the machine's order. */
abstract class JitkitDigest extends MessageDigestSpi implements Cloneable {
    private final int code, blockSize, digestSize, wordSize;
    private final byte[] start;
    private byte[] state, held;
    private int count;
    private long total;

    /** wordSize: of words that are written with their highest byte first; 0 for those of MD5, 1 for a sponge. */
    private JitkitDigest(int code, int blockSize, int digestSize, int wordSize, long... words) {
        this.code = code;
        this.blockSize = blockSize;
        this.digestSize = digestSize;
        this.wordSize = wordSize;
        int size = wordSize == 8 ? 8 : 4;
        start = new byte[wordSize == 1 ? 200 : size * words.length];
        for (int n = 0; n < size * words.length; n++) start[n] = (byte) (words[n / size] >> 8 * (n % size));
        held = new byte[blockSize];
        engineReset();
    }

    @Override protected int engineGetDigestLength() { return digestSize; }

    @Override protected void engineReset() {
        state = start.clone();
        Arrays.fill(held, (byte) 0);
        count = 0;
        total = 0;
    }

    @Override protected void engineUpdate(byte b) {
        held[count++] = b;
        total++;
        flush();
    }

    @Override protected void engineUpdate(byte[] bytes, int offset, int length) {
        java.util.Objects.checkFromIndexSize(offset, length, bytes.length);
        update(null, bytes, offset, length);
    }

    @Override protected void engineUpdate(ByteBuffer buffer) {
        int length = buffer.remaining();
        if (buffer.isDirect()) update(buffer, null, buffer.position(), length);
        else if (buffer.hasArray()) update(null, buffer.array(), buffer.arrayOffset() + buffer.position(), length);
        else {
            super.engineUpdate(buffer);
            return;
        }
        buffer.position(buffer.limit());
    }

    private void update(ByteBuffer direct, byte[] array, int offset, int length) {
        total += length;
        if (count != 0) {
            int taken = Math.min(length, blockSize - count);
            hold(direct, array, offset, taken);
            offset += taken;
            length -= taken;
            flush();
        }
        int whole = length - length % blockSize;
        if (whole != 0) JitkitNative.hash(code, state, blockSize, direct, array, offset, whole);
        hold(direct, array, offset + whole, length - whole);
    }

    private void hold(ByteBuffer direct, byte[] array, int offset, int length) {
        if (direct == null) System.arraycopy(array, offset, held, count, length);
        else direct.duplicate().clear().position(offset).get(held, count, length);
        count += length;
    }

    private void flush() {
        if (count < blockSize) return;
        JitkitNative.hash(code, state, blockSize, null, held, 0, blockSize);
        count = 0;
    }

    @Override protected byte[] engineDigest() {
        long bits = total * 8;
        boolean sponge = wordSize == 1;
        held[count++] = (byte) (sponge ? 0x06 : 0x80);
        if (sponge) {
            Arrays.fill(held, count, blockSize, (byte) 0);
            held[blockSize - 1] |= (byte) 0x80;
        } else {
            int length = wordSize == 8 ? 16 : 8;
            if (count > blockSize - length) {
                Arrays.fill(held, count, blockSize, (byte) 0);
                count = blockSize;
                flush();
            }
            Arrays.fill(held, count, blockSize, (byte) 0);
            for (int n = 0; n < 8; n++) held[wordSize == 0 ? blockSize - 8 + n : blockSize - 1 - n] = (byte) (bits >> 8 * n);
            if (wordSize == 8) held[blockSize - 9] = (byte) (total >>> 61);
        }
        count = blockSize;
        flush();
        byte[] digest = new byte[digestSize];
        for (int n = 0; n < digestSize; n++) digest[n] = state[wordSize > 1 ? n / wordSize * wordSize + wordSize - 1 - n % wordSize : n];
        engineReset();
        return digest;
    }

    @Override public Object clone() throws CloneNotSupportedException {
        JitkitDigest other = (JitkitDigest) super.clone();
        other.state = state.clone();
        other.held = held.clone();
        return other;
    }

    public static final class MD5 extends JitkitDigest {
        public MD5() { super(JitkitNative.MD5, 64, 16, 0, 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476); }
    }
    public static final class SHA1 extends JitkitDigest {
        public SHA1() { super(JitkitNative.SHA1, 64, 20, 4, 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0); }
    }
    public static final class SHA256 extends JitkitDigest {
        public SHA256() {
            super(JitkitNative.SHA256, 64, 32, 4, 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                  0x1f83d9ab, 0x5be0cd19);
        }
    }
    public static final class SHA384 extends JitkitDigest {
        public SHA384() {
            super(JitkitNative.SHA512, 128, 48, 8, 0xcbbb9d5dc1059ed8L, 0x629a292a367cd507L, 0x9159015a3070dd17L,
                  0x152fecd8f70e5939L, 0x67332667ffc00b31L, 0x8eb44a8768581511L, 0xdb0c2e0d64f98fa7L, 0x47b5481dbefa4fa4L);
        }
    }
    public static final class SHA512 extends JitkitDigest {
        public SHA512() {
            super(JitkitNative.SHA512, 128, 64, 8, 0x6a09e667f3bcc908L, 0xbb67ae8584caa73bL, 0x3c6ef372fe94f82bL,
                  0xa54ff53a5f1d36f1L, 0x510e527fade682d1L, 0x9b05688c2b3e6c1fL, 0x1f83d9abfb41bd6bL, 0x5be0cd19137e2179L);
        }
    }
    public static final class SHA3_224 extends JitkitDigest {
        public SHA3_224() { super(JitkitNative.SHA3, 144, 28, 1); }
    }
    public static final class SHA3_256 extends JitkitDigest {
        public SHA3_256() { super(JitkitNative.SHA3, 136, 32, 1); }
    }
    public static final class SHA3_384 extends JitkitDigest {
        public SHA3_384() { super(JitkitNative.SHA3, 104, 48, 1); }
    }
    public static final class SHA3_512 extends JitkitDigest {
        public SHA3_512() { super(JitkitNative.SHA3, 72, 64, 1); }
    }
}
