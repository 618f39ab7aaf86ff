package jitkit;

import java.nio.ByteBuffer;
import java.security.AlgorithmParameters;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.InvalidParameterSpecException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.CipherSpi;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.NoSuchPaddingException;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.GCMParameterSpec;

/**
 * AES/GCM/NoPadding. A message is one call of machine code, made by doFinal; what update gets before is kept until then, in
 * both directions, so that no text leaves before its tag is checked.
 */
public final class JitkitGcm extends CipherSpi {
    private boolean encrypt, spent = true;
    private byte[] key, iv, lastKey, lastIv;  // last: of the last encryption
    private int tagSize;
    private final byte[] context = new byte[JitkitNative.CONTEXT];  // of `key`
    private final Bytes kept = new Bytes(), extra = new Bytes();

    /** A ByteArrayOutputStream without locks and copies. */
    private static final class Bytes {
        byte[] bytes = {};
        int size;

        void write(byte[] from, int offset, int length) {
            if (length > bytes.length - size) bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, length), 2 * bytes.length));
            System.arraycopy(from, offset, bytes, size, length);
            size += length;
        }
    }

    public JitkitGcm() {}

    @Override protected void engineSetMode(String mode) throws NoSuchAlgorithmException {
        if (!mode.equalsIgnoreCase("GCM")) throw new NoSuchAlgorithmException(mode);
    }
    @Override protected void engineSetPadding(String padding) throws NoSuchPaddingException {
        if (!padding.equalsIgnoreCase("NoPadding")) throw new NoSuchPaddingException(padding);
    }
    @Override protected int engineGetBlockSize() { return 16; }
    @Override protected byte[] engineGetIV() { return iv == null ? null : iv.clone(); }
    @Override protected int engineGetOutputSize(int more) {
        int all = Math.addExact(kept.size, more);
        return encrypt ? Math.addExact(all, tagSize) : Math.max(0, all - tagSize);
    }
    @Override protected int engineGetKeySize(Key given) throws InvalidKeyException { return 8 * bytesOf(given).length; }

    @Override protected AlgorithmParameters engineGetParameters() {
        if (iv == null) return null;
        try {
            AlgorithmParameters p = AlgorithmParameters.getInstance("GCM");
            p.init(new GCMParameterSpec(8 * tagSize, iv));
            return p;
        } catch (NoSuchAlgorithmException | InvalidParameterSpecException e) {
            throw new ProviderException(e);
        }
    }

    private static byte[] bytesOf(Key given) throws InvalidKeyException {
        byte[] bytes = given == null ? null : given.getEncoded();
        if (bytes == null || bytes.length != 16 && bytes.length != 24 && bytes.length != 32) throw new InvalidKeyException("no AES key");
        return bytes;
    }

    /** Keys are not wrapped here; after this exception JCA goes on to the next provider. */
    private static void refuseWrapping(int mode) throws InvalidKeyException {
        if (mode != Cipher.ENCRYPT_MODE && mode != Cipher.DECRYPT_MODE) throw new InvalidKeyException("wrapping is another provider's");
    }

    @Override protected void engineInit(int mode, Key given, SecureRandom random) throws InvalidKeyException {
        refuseWrapping(mode);
        if (mode != Cipher.ENCRYPT_MODE) throw new InvalidKeyException("parameters are missing");
        byte[] fresh = new byte[12];
        (random == null ? new SecureRandom() : random).nextBytes(fresh);
        try {
            engineInit(mode, given, new GCMParameterSpec(128, fresh), random);
        } catch (InvalidAlgorithmParameterException e) {
            throw new InvalidKeyException(e);
        }
    }

    @Override protected void engineInit(int mode, Key given, AlgorithmParameterSpec parameters, SecureRandom random)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        refuseWrapping(mode);
        byte[] bytes = bytesOf(given);
        if (!(parameters instanceof GCMParameterSpec)) throw new InvalidAlgorithmParameterException("GCMParameterSpec is needed");
        GCMParameterSpec spec = (GCMParameterSpec) parameters;
        if (spec.getTLen() < 96 || spec.getTLen() > 128 || spec.getTLen() % 8 != 0)
            throw new InvalidAlgorithmParameterException("a tag has 96, 104, 112, 120 or 128 bits");
        byte[] vector = spec.getIV();
        if (vector.length == 0) throw new InvalidAlgorithmParameterException("the initialisation vector is empty");
        boolean way = mode == Cipher.ENCRYPT_MODE;
        if (way && Arrays.equals(lastIv, vector) && MessageDigest.isEqual(lastKey, bytes))
            throw new InvalidAlgorithmParameterException("the same key and initialisation vector again");
        if (key == null || !MessageDigest.isEqual(key, bytes)) JitkitNative.gcmKey(JitkitNative.GCM, bytes, context);
        encrypt = way;
        if (encrypt) {
            lastKey = bytes;
            lastIv = vector;
        }
        key = bytes;
        iv = vector;
        tagSize = spec.getTLen() / 8;
        spent = false;
        kept.size = extra.size = 0;
    }

    @Override protected void engineInit(int mode, Key given, AlgorithmParameters parameters, SecureRandom random)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        if (parameters == null) {
            engineInit(mode, given, random);
            return;
        }
        try {
            engineInit(mode, given, parameters.getParameterSpec(GCMParameterSpec.class), random);
        } catch (InvalidParameterSpecException e) {
            throw new InvalidAlgorithmParameterException(e);
        }
    }

    private void ready() {
        if (spent) throw new IllegalStateException("the key and initialisation vector are used: init the cipher again");
    }

    @Override protected void engineUpdateAAD(byte[] bytes, int offset, int length) {
        ready();
        if (kept.size != 0) throw new IllegalStateException("additional data comes before the text");
        extra.write(bytes, offset, length);
    }
    @Override protected void engineUpdateAAD(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        engineUpdateAAD(bytes, 0, bytes.length);
    }

    @Override protected byte[] engineUpdate(byte[] in, int offset, int length) {
        ready();
        kept.write(in, offset, length);
        return new byte[0];
    }
    @Override protected int engineUpdate(byte[] in, int offset, int length, byte[] out, int at) {
        engineUpdate(in, offset, length);
        return 0;
    }

    @Override protected byte[] engineDoFinal(byte[] in, int offset, int length) throws IllegalBlockSizeException, BadPaddingException {
        byte[] out = new byte[engineGetOutputSize(length)];
        try {
            engineDoFinal(in, offset, length, out, 0);
        } catch (ShortBufferException e) {
            throw new ProviderException(e);
        }
        return out;
    }

    @Override protected int engineDoFinal(byte[] in, int offset, int length, byte[] out, int at)
            throws ShortBufferException, IllegalBlockSizeException, BadPaddingException {
        return finish(null, in, offset, length, null, out, at, out.length - at);
    }

    @Override protected int engineDoFinal(ByteBuffer in, ByteBuffer out)
            throws ShortBufferException, IllegalBlockSizeException, BadPaddingException {
        if (!in.isDirect() && !in.hasArray() || !out.isDirect() && !out.hasArray()) return super.engineDoFinal(in, out);
        int n = finish(in.isDirect() ? in : null, in.isDirect() ? null : in.array(), in.position() + (in.isDirect() ? 0 : in.arrayOffset()),
                       in.remaining(), out.isDirect() ? out : null, out.isDirect() ? null : out.array(),
                       out.position() + (out.isDirect() ? 0 : out.arrayOffset()), out.remaining());
        in.position(in.limit());
        out.position(out.position() + n);
        return n;
    }

    private int finish(ByteBuffer direct, byte[] in, int offset, int length, ByteBuffer outDirect, byte[] out, int at, int room)
            throws ShortBufferException, BadPaddingException {
        ready();
        int size = engineGetOutputSize(length);
        if (room < size) throw new ShortBufferException("the output has " + size + " bytes");
        // One piece, which the output does not overlap unless it is at the same place.
        boolean apart = direct != null ? outDirect == null : in != out || offset == at;
        if (kept.size != 0 || !apart) {
            if (direct == null) {
                if (in != null) kept.write(in, offset, length);
            } else {
                byte[] copy = new byte[length];
                direct.duplicate().clear().position(offset).get(copy);
                kept.write(copy, 0, length);
            }
            direct = null;
            in = kept.bytes;
            offset = 0;
            length = kept.size;
        }
        if (in == null && direct == null) in = new byte[0];
        boolean few = iv.length + extra.size <= context.length - JitkitNative.FEW;
        if (few) {
            System.arraycopy(iv, 0, context, JitkitNative.FEW, iv.length);
            System.arraycopy(extra.bytes, 0, context, JitkitNative.FEW + iv.length, extra.size);
        }
        byte[] vector = few ? null : iv, before = few ? null : extra.bytes;
        spent = encrypt;
        try {
            if (encrypt) {
                JitkitNative.gcm(JitkitNative.GCM, true, key.length, context, vector, iv.length, before, extra.size, direct, in, offset, length,
                                 outDirect, out, at);
                put(context, JitkitNative.TAG, tagSize, outDirect, out, at + length);
                return size;
            }
            if (length < tagSize) throw new AEADBadTagException("the text is shorter than a tag");
            byte[] given = new byte[tagSize];
            if (direct == null) System.arraycopy(in, offset + size, given, 0, tagSize);
            else direct.duplicate().clear().position(offset + size).get(given);
            JitkitNative.gcm(JitkitNative.GCM, false, key.length, context, vector, iv.length, before, extra.size, direct, in, offset, size,
                             outDirect, out, at);
            if (!MessageDigest.isEqual(given, Arrays.copyOfRange(context, JitkitNative.TAG, JitkitNative.TAG + tagSize))) {
                put(new byte[size], 0, size, outDirect, out, at);
                throw new AEADBadTagException("Tag mismatch");
            }
            return size;
        } finally {
            kept.size = extra.size = 0;
        }
    }

    private static void put(byte[] bytes, int from, int count, ByteBuffer direct, byte[] array, int at) {
        if (direct == null) System.arraycopy(bytes, from, array, at, count);
        else direct.duplicate().clear().position(at).put(bytes, from, count);
    }
}
