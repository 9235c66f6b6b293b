/** Files that the bundle holds as text. */
declare module '*.svg' {
  const text: string;
  export default text;
}
declare module '*.css';
