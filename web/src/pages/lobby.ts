import './lc-lobby-page';
